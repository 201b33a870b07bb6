//! Guessing at log-ins: slowed down, never locked out.
//!
//! Three things are counted, each under keyed hashes:
//!
//! - what failed *from one address*: after two free tries the next ones wait 1, 2, 4 … seconds, up to 15 minutes;
//! - what failed *on the account*, over all addresses: when it grows, an address that is new to the account waits up
//!   to 30 seconds before its first try, and as long between its tries;
//! - from where the holder *logged in* within 90 days: there the account's count has no say.
//!
//! **Why nobody can keep the holder out.** Each wait belongs to one address and counts from what that address did. An
//! attacker elsewhere can raise the account's count, which delays a new address by 30 seconds, once, and a known one
//! not at all; there is no turn to wait for that others could take. Only who shares the holder's address can slow
//! that address down, and from another one, or by the link of a password reset, the holder still gets in.
//!
//! **Why parallel guesses don't slip through.** A try is counted as failed before it is evaluated, by a write whose
//! condition is the count that was read. Fifty at once find one count; one gets it, the others find the next one and
//! its wait. A log-in that succeeds takes its try back, and one that nobody reports stays failed.
//!
//! Counts halve with every quiet hour.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::Address;
use crate::{
    contact::Email,
    http::{Code, Problem},
    runtime::{App, Metric, StartError, Unit},
    store::{self, Key, StoreError, Write, WriteError, keys},
    tenant::Tenant,
    vault,
};

/// The longest wait of one address, in milliseconds.
const MOST_OF_ADDRESS: i64 = 15 * 60_000;
/// The longest wait that an account's count leads to, in milliseconds.
const MOST_OF_ACCOUNT: i64 = 30_000;
/// Failures on an account, over all addresses, that delay nobody.
const FREE_OF_ACCOUNT: u32 = 5;
/// An account's count goes no higher, so that it is written no more while it is under attack.
const MOST_COUNTED: u32 = 64;
/// A count halves after so many milliseconds without a failure.
const HALVES: i64 = 3_600_000;
/// How long counts are kept, in seconds.
const KEPT: i64 = 2 * 86_400;
/// How long an address is known, in seconds.
const KNOWN: i64 = 90 * 86_400;
/// How often a try is counted anew when others were counted meanwhile.
const TRIES: u32 = 4;
/// The counts at which the audit log is told. Few, so that nobody can fill the log by guessing.
const TOLD: [u32; 4] = [5, 10, 20, 40];

/// Failures, and when the next try is let through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    /// How many there were, at `at`.
    pub count: u32,
    /// When the last one was, in milliseconds since 1970.
    pub at: i64,
    /// When the next try is let through.
    pub free_at: i64,
    expires: i64,
}

impl Failures {
    /// What time has left of them.
    pub(super) fn left(self, now: i64) -> u32 {
        let hours = u32::try_from((now - self.at).max(0) / HALVES).unwrap_or(u32::MAX);
        self.count.checked_shr(hours).unwrap_or(0)
    }

    /// Another count, now.
    pub(super) fn counted(count: u32, now: i64, wait: i64) -> Self {
        Self { count, at: now, free_at: now + wait, expires: now / 1000 + KEPT }
    }

    /// The wait that is left. A clock that goes back makes nobody wait longer than the longest wait.
    pub(super) fn wait(self, now: i64) -> i64 {
        (self.free_at - now).clamp(0, MOST_OF_ADDRESS)
    }
}

/// The wait before the try that follows so many failures from one address: 0, 0, 1, 2, 4 … seconds.
pub fn wait_of_address(failures: u32) -> i64 {
    match failures {
        0 | 1 => 0,
        more => (1_000_i64 << (more - 2).min(20)).min(MOST_OF_ADDRESS),
    }
}

/// The wait that so many failures on an account lead to, for an address that is new to it.
pub fn wait_of_account(failures: u32) -> i64 {
    match failures.checked_sub(FREE_OF_ACCOUNT) {
        None => 0,
        Some(more) => (1_000_i64 << more.min(10)).min(MOST_OF_ACCOUNT),
    }
}

/// What is to be done about a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    /// It is let through, when these counts are written.
    Count {
        address: Failures,
        account: Option<Failures>,
        /// Whether the audit log is told, if the try fails.
        told: bool,
    },
    /// A new address waits first, when this is written.
    Begin(Failures),
    /// It waits so many milliseconds.
    Wait(i64),
}

/// What was read.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    address: Option<Failures>,
    account: Option<Failures>,
    known: bool,
}

fn decide(seen: Seen, now: i64) -> Decision {
    let account = seen.account.unwrap_or_default();
    let of_account = if seen.known { 0 } else { account.left(now) };
    let address = match seen.address {
        Some(address) => address,
        None if wait_of_account(of_account) > 0 => {
            return Decision::Begin(Failures::counted(0, now, wait_of_account(of_account)));
        }
        None => Failures::default(),
    };
    if address.wait(now) > 0 {
        return Decision::Wait(address.wait(now));
    }
    let failures = address.left(now).saturating_add(1);
    let wait = wait_of_address(failures).max(wait_of_account(if seen.known {
        0
    } else {
        of_account.saturating_add(1)
    }));
    let counts = !seen.known && (of_account < MOST_COUNTED || now - account.at > HALVES / 2);
    let account = counts.then(|| Failures::counted(of_account.saturating_add(1).min(MOST_COUNTED), now, 0));
    // Over all addresses, of which there are many; only where the account's count has no say, by the address.
    let told = if seen.known {
        TOLD.contains(&failures)
    } else {
        account.is_some_and(|account| TOLD.contains(&account.count))
    };
    Decision::Count { address: Failures::counted(failures, now, wait), account, told }
}

/// A try that may be evaluated, and counts as failed until [`succeeded`] is called.
#[derive(Debug)]
#[must_use = "a try that is not evaluated stays counted as failed"]
pub struct Pass {
    tenant: Tenant,
    account: String,
    address: String,
    counted_on_account: bool,
    told: bool,
}

/// Why a try is not evaluated.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It comes too soon.
    #[error("too soon, by {seconds} seconds")]
    TooSoon {
        /// Seconds until the next one is let through.
        seconds: u32,
    },
    /// Failures can't be counted, so nothing is evaluated.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<StartError> for Refused {
    fn from(error: StartError) -> Self {
        Self::Store(error.into())
    }
}

impl Refused {
    pub(super) fn too_soon(wait: i64) -> Self {
        Self::TooSoon { seconds: u32::try_from((wait + 999) / 1000).unwrap_or(u32::MAX).max(1) }
    }
}

/// The same answer whether the account exists or not: what is counted is what was asked for.
impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::TooSoon { seconds } => {
                let detail =
                    format!("Too many failed tries. The next one is looked at in {seconds} seconds.");
                Self::new(Code::TooManyFailures, detail).retry_after(seconds)
            }
            Refused::Store(error) => error.into(),
        }
    }
}

/// The name under which tries at the account of `email` are counted, whether there is one or not. `kind` keeps apart
/// what one address may be the name of: whoever registers as a shopper with the address of somebody of the staff is
/// not known to the staff's log-in.
///
/// # Errors
/// [`StartError`] where the root secret can't be had.
pub async fn account(app: &App, tenant: Tenant, kind: &str, email: &Email) -> Result<String, StartError> {
    Ok(format!("{kind}-{}", vault::email_hash(app, tenant, email).await?))
}

/// Asks whether a log-in to `account` from `address` may be evaluated now, and counts it. `account` is a keyed hash of
/// what was typed as the account's name, whether there is such an account or not.
///
/// # Errors
/// [`Refused`]: how long to wait; or that failures can't be counted, and nothing may be evaluated.
pub async fn check(app: &App, tenant: Tenant, account: &str, address: &Address) -> Result<Pass, Refused> {
    let address = address.opaque(app).await?;
    let own = keys::address_attempts(tenant, account, &address);
    let whole = keys::account_attempts(tenant, account);
    for _ in 0..TRIES {
        let now = app.now().as_millisecond();
        let seen = read(app, &own, &whole, &keys::known_address(tenant, account, &address), now).await?;
        let (writes, pass) = match decide(seen, now) {
            Decision::Wait(wait) => return Err(Refused::too_soon(wait)),
            Decision::Begin(wait) => {
                (vec![count(&own, seen.address, &wait)?], Err(Refused::too_soon(wait.wait(now))))
            }
            Decision::Count { address: of_address, account: of_account, told } => {
                let mut writes = vec![count(&own, seen.address, &of_address)?];
                if let Some(failures) = of_account {
                    writes.push(count(&whole, seen.account, &failures)?);
                }
                let (account, address) = (account.to_owned(), address.clone());
                let counted_on_account = of_account.is_some();
                (writes, Ok(Pass { tenant, account, address, counted_on_account, told }))
            }
        };
        match store::commit(app, writes).await {
            Ok(()) => return pass,
            Err(WriteError::Refused(_)) => {}
            Err(WriteError::Store(error)) => return Err(error.into()),
        }
    }
    // So many at once is no person.
    Err(Refused::too_soon(1_000))
}

async fn read(app: &App, own: &Key, whole: &Key, known: &Key, now: i64) -> Result<Seen, StoreError> {
    #[derive(Deserialize)]
    struct Any {
        #[serde(default)]
        count: u32,
        #[serde(default)]
        at: i64,
        #[serde(default)]
        free_at: i64,
        expires: i64,
    }
    let keys = [own.clone(), whole.clone(), known.clone()];
    let mut found = store::get_many::<Any>(app, "attempts", &keys, true).await?.into_iter();
    let mut next = || found.next().flatten();
    let failures =
        |any: Any| Failures { count: any.count, at: any.at, free_at: any.free_at, expires: any.expires };
    let (address, account) = (next().map(failures), next().map(failures));
    let known = next().is_some_and(|any| any.expires > now / 1000);
    Ok(Seen { address, account, known })
}

/// Writes a count in place of the one that was read.
fn count(key: &Key, read: Option<Failures>, failures: &Failures) -> Result<Write, StoreError> {
    counted("attempts", key, read, failures)
}

/// As [`count`], of items of another kind.
pub(super) fn counted(
    kind: &'static str,
    key: &Key,
    read: Option<Failures>,
    failures: &Failures,
) -> Result<Write, StoreError> {
    let write = Write::put(kind, key.clone(), failures)?;
    Ok(match read {
        None => write.when("attribute_not_exists(pk)"),
        Some(read) => write
            .when("#count = :count AND #at = :at AND free_at = :free_at")
            .name("#count", "count")
            .name("#at", "at")
            .value(":count", AttributeValue::N(read.count.to_string()))
            .value(":at", AttributeValue::N(read.at.to_string()))
            .value(":free_at", AttributeValue::N(read.free_at.to_string())),
    })
}

/// The try was wrong. It is counted already, so that this can't be left out; it tells the metrics, and now and then the
/// audit log, by `note`. Where there is no account there is no note, and another write that takes as long.
///
/// # Errors
/// [`StoreError`].
pub async fn failed(app: &App, pass: Pass, note: Option<Write>) -> Result<(), StoreError> {
    let known = if pass.counted_on_account { "new" } else { "known" };
    Metric::new("LogInsFailed", Unit::Count, 1).by("address", known).emit(app);
    if !pass.told {
        return Ok(());
    }
    let write = note.unwrap_or_else(|| {
        Write::update(keys::account_attempts(pass.tenant, &pass.account), "SET expires = expires")
            .when("attribute_exists(pk)")
    });
    kept(app, write).await
}

/// The holder of the account showed otherwise that it is theirs: `address` starts anew, and is known from now on.
///
/// # Errors
/// [`Refused::Store`].
pub async fn forgiven(app: &App, tenant: Tenant, account: &str, address: &Address) -> Result<(), Refused> {
    let (account, address) = (account.to_owned(), address.opaque(app).await?);
    Ok(succeeded(app, Pass { tenant, account, address, counted_on_account: false, told: false }).await?)
}

/// Makes a write whose condition may be refused: what it changes is gone already.
async fn kept(app: &App, write: Write) -> Result<(), StoreError> {
    match store::commit(app, vec![write]).await {
        Ok(()) | Err(WriteError::Refused(_)) => Ok(()),
        Err(WriteError::Store(error)) => Err(error),
    }
}

/// The try was right: its address starts anew, and is known from now on. What others did on the account still counts.
///
/// # Errors
/// [`StoreError`].
pub async fn succeeded(app: &App, pass: Pass) -> Result<(), StoreError> {
    #[derive(Serialize)]
    struct Known {
        expires: i64,
    }
    let Pass { tenant, account, address, counted_on_account, .. } = pass;
    let expires = app.now().as_second() + KNOWN;
    let known = Write::put("attempts", keys::known_address(tenant, &account, &address), &Known { expires })?;
    let forget = Write::delete(keys::address_attempts(tenant, &account, &address));
    let back = Write::update(keys::account_attempts(tenant, &account), "SET #count = #count - :one")
        .name("#count", "count")
        .number(":one", 1)
        .when("#count >= :one");
    for write in [known, forget].into_iter().chain(counted_on_account.then_some(back)) {
        kept(app, write).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let seconds: Vec<_> = (0..14).map(|failures| wait_of_address(failures) / 1000).collect();
        assert_eq!(seconds, [0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        let seconds: Vec<_> = (4..12).map(|failures| wait_of_account(failures) / 1000).collect();
        assert_eq!(seconds, [0, 1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(
            (wait_of_address(u32::MAX), wait_of_account(u32::MAX)),
            (MOST_OF_ADDRESS, MOST_OF_ACCOUNT)
        );
    }

    #[test]
    fn counts_halve_with_every_quiet_hour() {
        let failures = Failures::counted(9, 0, 0);
        let left: Vec<_> = (0..6).map(|hours| failures.left(hours * HALVES)).collect();
        assert_eq!(left, [9, 4, 2, 1, 0, 0]);
        assert_eq!(failures.left(-HALVES), 9, "a clock that goes back forgets nothing");
        assert_eq!(failures.left(i64::MAX), 0);
    }

    #[test]
    fn of_many_failures_few_are_told() {
        let now = 1_700_000_000_000;
        let mut seen = Seen::default();
        let mut told = 0;
        for n in 0..10_000 {
            // Each from an address that is new and has waited.
            seen.address = Some(Failures::counted(0, now, 0));
            let Decision::Count { account, told: this, .. } = decide(seen, now + n) else {
                panic!("it has waited");
            };
            told += u32::from(this);
            seen.account = account.or(seen.account);
        }
        assert_eq!(told, 4);
    }

    /// The worst that an attacker elsewhere can do to the holder.
    #[test]
    fn an_account_under_attack_lets_its_holder_in() {
        let now = 1_700_000_000_000;
        let account = Some(Failures::counted(u32::MAX, now, 0));
        let known = decide(Seen { address: None, account, known: true }, now);
        assert!(matches!(known, Decision::Count { account: None, .. }), "at once, from a known address");
        let Decision::Begin(wait) = decide(Seen { address: None, account, known: false }, now) else {
            panic!("a new address waits");
        };
        assert_eq!(wait.wait(now), MOST_OF_ACCOUNT);
        let later = now + MOST_OF_ACCOUNT;
        let account = Some(Failures::counted(u32::MAX, later, 0));
        let second = decide(Seen { address: Some(wait), account, known: false }, later);
        assert!(matches!(second, Decision::Count { .. }), "whatever others did meanwhile");
    }
}
