//! What the authorizer asks of every request, beside who is calling: is there a token left in each bucket that it
//! falls into, and may a page of its origin call?

use futures::future::join;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};

use super::{
    address::Address,
    bucket::Policy,
    policy::{self, Class},
    settings::StoreLimits,
    take::{Taken, take},
    verdict::{Line, Refusal, Verdict},
};
use crate::{
    principal::{Denial, Principal, Scope, Who},
    runtime::{App, Metric, Unit},
    store::keys::{self, Key},
    tenant::Tenant,
};

/// What the gateway tells of a request, as far as limits go.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The route, as API Gateway names it.
    pub route: String,
    /// Where it comes from.
    pub address: Address,
    /// Which page sent it, where a page did.
    pub origin: Option<String>,
    /// The API's own host, whose pages may always call.
    pub host: String,
    /// The present, in milliseconds since 1970: the gateway's, so that environments need not agree on one.
    pub now: i64,
}

/// One bucket that a request falls into.
struct Applies {
    name: &'static str,
    key: Key,
    policy: Policy,
    /// Whether the request is turned away while the bucket can't be looked at.
    closes: bool,
    /// The seconds that are left of the period that it is for, where it is for one.
    ends_in: Option<i64>,
}

impl Applies {
    /// Lets through what many people may.
    fn for_many(&mut self) {
        let many = policy::MANY_PEOPLE;
        self.policy =
            Policy { rate: self.policy.rate * many, burst: self.policy.burst * many, ..self.policy };
    }
}

/// Identifies the caller, and takes a token of each bucket that the request falls into: of the address's while
/// `identify` looks the caller up, of the others' afterwards, the narrowest first. So who is held back as a caller
/// takes nothing from the store.
///
/// # Errors
/// Whatever `identify` fails with.
pub async fn admit<E>(
    app: &App,
    asked: &Asked,
    identify: impl Future<Output = Result<Result<Principal, Denial>, E>>,
) -> Result<(Result<Principal, Denial>, Verdict), E> {
    let mut verdict = Verdict::default();
    let first = async {
        // Without the root secret an address has no name, and so no bucket.
        let name = asked.address.opaque(app).await.ok();
        let taken = match &name {
            Some(name) => {
                let key = keys::address_limit(
                    &format!("address/{name}"),
                    policy::ADDRESS.rate,
                    policy::ADDRESS.window,
                );
                take(app, &key, policy::ADDRESS, asked.now).await
            }
            None => Taken::Unreached,
        };
        (name, taken)
    };
    let ((address, taken), identified) = join(first, identify).await;
    let identified = identified?;
    let whole = Line::of("address", policy::ADDRESS, taken, None);
    verdict.look_at(app, whole, false);
    if verdict.refusal.is_some() {
        return Ok((identified, verdict));
    }
    let class = policy::class_of(&asked.route);
    let Some(address) = address else {
        if class.is_some_and(Class::fails_closed) {
            verdict.refusal = Some(Refusal::Unavailable);
        }
        return Ok((identified, verdict));
    };
    let mut buckets = match &identified {
        Err(_) => of_stranger(class, &address),
        Ok(principal) => {
            let limits = StoreLimits::of(app, principal.tenant(), asked.now).await;
            if let Some(origin) = &asked.origin
                && *origin != format!("https://{}", asked.host)
            {
                match &limits {
                    Ok(limits) if limits.allows(origin) => {}
                    Ok(_) => verdict.refusal = Some(Refusal::Origin),
                    Err(_) => verdict.refusal = Some(Refusal::Unavailable),
                }
            }
            let limits = limits.unwrap_or_default();
            of_principal(principal, &limits, class, &address, asked.now)
        }
    };
    if asked.address.is_this_machine() {
        buckets.iter_mut().filter(|bucket| bucket.ends_in.is_none()).for_each(Applies::for_many);
    }
    for bucket in buckets {
        if verdict.refusal.is_some() {
            break;
        }
        let taken = take(app, &bucket.key, bucket.policy, asked.now).await;
        verdict.look_at(app, Line::of(bucket.name, bucket.policy, taken, bucket.ends_in), bucket.closes);
    }
    Ok((identified, verdict))
}

impl Verdict {
    fn look_at(&mut self, app: &App, line: Line, closes: bool) {
        match line.taken {
            Taken::Passed(_) => {}
            Taken::Limited(_) => {
                let limited = Metric::new("RequestsLimited", Unit::Count, 1).by("limit", line.name);
                limited.emit(app);
                let retry_after = line.reset();
                self.refusal = Some(if line.is_quota() {
                    Refusal::Quota { retry_after }
                } else {
                    Refusal::Limited { limit: line.name.to_owned(), retry_after }
                });
            }
            // A shop stays open while a limit can't be looked at. What guesses at secrets does not.
            Taken::Unreached => {
                Metric::new("LimitsUnreached", Unit::Count, 1).emit(app);
                if closes {
                    self.refusal = Some(Refusal::Unavailable);
                }
                return;
            }
        }
        self.lines.push(line);
    }
}

/// The buckets of a caller who is unknown: by address only.
fn of_stranger(class: Option<Class>, address: &str) -> Vec<Applies> {
    let bucket = |name: &'static str, policy: Policy, closes| Applies {
        name,
        key: keys::address_limit(&format!("{name}/{address}"), policy.rate, policy.window),
        policy,
        closes,
        ends_in: None,
    };
    let class = class.map(|class| bucket(class.as_str(), class.policy(), class.fails_closed()));
    class.into_iter().chain([bucket("stranger", policy::STRANGER, false)]).collect()
}

/// Whether a principal is a storefront, whose key everybody can read: then each address is a caller of its own.
fn is_storefront(principal: &Principal) -> bool {
    matches!(principal.who(), Who::Key(_))
        && principal.scopes().iter().all(|scope| Scope::PUBLISHABLE.contains(scope))
}

/// Whether a principal speaks for many people: a store's own server, or an integration.
pub fn speaks_for_many(principal: &Principal) -> bool {
    matches!(principal.who(), Who::Key(_) | Who::Client(_)) && !is_storefront(principal)
}

fn of_principal(
    principal: &Principal,
    limits: &StoreLimits,
    class: Option<Class>,
    address: &str,
    now: i64,
) -> Vec<Applies> {
    let tenant = principal.tenant();
    let (who, storefront, many) = (principal.who(), is_storefront(principal), speaks_for_many(principal));
    let bucket = |name: &'static str, of: String, policy: Policy, closes| Applies {
        name,
        key: keys::limit(tenant, &of, policy.rate, policy.window),
        policy,
        closes,
        ends_in: None,
    };
    let mut buckets = Vec::new();
    if let Some(class) = class {
        let (name, policy, closes) = (class.as_str(), class.policy(), class.fails_closed());
        if many {
            let many = policy::MANY_PEOPLE;
            let policy = Policy { rate: policy.rate * many, burst: policy.burst * many, ..policy };
            buckets.push(bucket(name, format!("{name}/{who}"), policy, closes));
        } else {
            buckets.push(bucket(name, format!("{name}/address/{address}"), policy, closes));
            if !storefront {
                buckets.push(bucket(name, format!("{name}/{who}"), policy, closes));
            }
        }
    }
    let (of, policy) = match who {
        Who::Key(_) if storefront => (format!("caller/{who}/{address}"), limits.publishable()),
        Who::Key(_) | Who::Client(_) => (format!("caller/{who}"), limits.secret()),
        Who::Customer(_) => (format!("caller/{who}"), policy::CUSTOMER),
        Who::Staff(_) => (format!("caller/{who}"), policy::STAFF),
    };
    buckets.push(bucket("caller", of, policy, false));
    buckets.push(bucket("store", "store".to_owned(), limits.store(), false));
    buckets.extend(quotas(tenant, limits, now));
    buckets
}

/// What a store may use in a day and in a month, by UTC.
fn quotas(tenant: Tenant, limits: &StoreLimits, now: i64) -> Vec<Applies> {
    let quotas = limits.quotas();
    let Ok(present) = Timestamp::from_millisecond(now) else { return Vec::new() };
    let day = present.to_zoned(TimeZone::UTC).date();
    let start = |date: jiff::civil::Date| {
        date.to_zoned(TimeZone::UTC).map(|start| start.timestamp().as_millisecond())
    };
    let tomorrow = day.checked_add(1.day()).and_then(start);
    let next_month = day.first_of_month().checked_add(1.month()).and_then(start);
    let bucket = |name: &'static str, most: Option<u32>, period: String, ends: Result<i64, jiff::Error>| {
        let (policy, ends) = (Policy::in_all(most?), ends.ok()?);
        let key = keys::limit(tenant, &format!("requests/{period}"), policy.rate, policy.window);
        Some(Applies { name, key, policy, closes: false, ends_in: Some((ends - now + 999) / 1000) })
    };
    let month = format!("{:04}-{:02}", day.year(), day.month());
    [
        bucket("requests-per-day", quotas.requests_per_day, day.to_string(), tomorrow),
        bucket("requests-per-month", quotas.requests_per_month, month, next_month),
    ]
    .into_iter()
    .flatten()
    .collect()
}
