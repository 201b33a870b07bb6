//! Erasing a person.
//!
//! In this order: the account becomes a tombstone, after which nobody logs in and nothing is written for it; keys are
//! destroyed; log-ins, password and carts go; the address is set free. Each step can be repeated, and what was erased
//! is recorded as erased only after the last one. Until then a mark says that there is work left, which a repeated
//! request or the next run of `enforce-retention` does.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    carts,
    person::{self, Ask, Person},
};
use crate::{
    audit::{self, Action, Actor},
    customer::{self, Customer},
    http::{Call, Code, Problem, Reply},
    id::{CustomerId, PrivacyRequestId},
    payment,
    principal::Who,
    risk,
    runtime::App,
    session,
    store::{self, StoreError, Table, Write, WriteError, keys},
    tenant::Tenant,
    vault::{self, EmailHash},
};

/// How often the account is read again that somebody changes at the same moment.
const TRIES: usize = 5;

/// How far an erasure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErasureStatus {
    /// Something is left to be done.
    Pending,
    /// Everything is gone.
    Done,
}

/// An erasure. Once it is done it tells nothing of whom it was about but the id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Erasure {
    /// Its id.
    pub id: PrivacyRequestId,
    /// How far it is.
    pub status: ErasureStatus,
    /// The account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// The address, while it is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<EmailHash>,
    /// Whether what was ordered with the address and without an account is erased too.
    guest: bool,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
}

/// That the erasure of somebody is under way.
#[derive(Serialize, Deserialize)]
struct Mark {
    erasure: PrivacyRequestId,
}

/// An erasure, as callers see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Erasure)]
pub struct ErasureView {
    /// Its id.
    pub id: PrivacyRequestId,
    /// How far it is.
    pub status: ErasureStatus,
    /// The customer's id, where there was an account.
    pub customer_id: Option<CustomerId>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was done.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub completed_at: Option<Timestamp>,
}

impl From<&Erasure> for ErasureView {
    fn from(erasure: &Erasure) -> Self {
        Self {
            id: erasure.id,
            status: erasure.status,
            customer_id: erasure.customer,
            created_at: erasure.created_at,
            completed_at: erasure.completed_at,
        }
    }
}

impl Erasure {
    fn person(&self) -> Person {
        Person { customer: self.customer, email: self.email, guest: self.guest }
    }

    fn path(&self) -> String {
        format!("/v1/privacy/erasures/{}", self.id)
    }
}

/// Where an erasure begins.
pub(super) enum Start {
    /// It began before, and may be done.
    Before(Erasure),
    /// It begins with these writes. The first is refused where another one has just begun.
    Now(Erasure, Vec<Write>),
}

/// The erasure `id`.
///
/// # Errors
/// [`StoreError`].
pub async fn find(app: &App, tenant: Tenant, id: PrivacyRequestId) -> Result<Option<Erasure>, StoreError> {
    store::get(app, "erasure", &keys::erasure(tenant, id)).await
}

/// Erases whom the request names. Whoever was erased before is answered what was done then.
///
/// # Errors
/// [`Problem`]: 404 where nothing is known of anybody of that name.
pub async fn erase(app: &App, call: &Call<Ask>) -> Result<Reply<ErasureView>, Problem> {
    let tenant = call.tenant()?;
    let person = person::find(app, tenant, &call.body.customer).await?.ok_or_else(Problem::not_found)?;
    let reply = |erasure: &Erasure| Reply::accepted(erasure.path(), ErasureView::from(erasure));
    let erasure = match start(app, tenant, &person).await? {
        Start::Before(erasure) => erasure,
        Start::Now(erasure, writes) => match call.commit(app, writes, reply(&erasure)).await {
            Ok(_) => erasure,
            Err(error) if error.refused(0) => match start(app, tenant, &person).await? {
                Start::Before(erasure) => erasure,
                Start::Now(..) => return Err(error.into()),
            },
            Err(error) => return Err(error.into()),
        },
    };
    Ok(reply(&carry_out(app, tenant, erasure).await?))
}

/// The erasure of `person`: the one that began before, or a new one.
pub(super) async fn start(app: &App, tenant: Tenant, person: &Person) -> Result<Start, Problem> {
    let Some(subject) = person.subjects().next() else {
        return Err(Problem::not_found());
    };
    let mark = keys::open_erasure(tenant, subject);
    let begun: Option<Mark> = store::get(app, "erasure mark", &mark).await?;
    let begun = match (begun, person.customer) {
        (Some(begun), _) => Some(begun.erasure),
        (None, Some(id)) => {
            let customer = customer::load(app, tenant, id).await?;
            customer.and_then(|customer| customer.erased).map(|erased| erased.request)
        }
        (None, None) => None,
    };
    if let Some(id) = begun {
        let missing = || Problem::internal(format!("the erasure {id} has no record"));
        return Ok(Start::Before(find(app, tenant, id).await?.ok_or_else(missing)?));
    }
    let erasure = Erasure {
        id: PrivacyRequestId::new(app),
        status: ErasureStatus::Pending,
        customer: person.customer,
        email: person.email,
        guest: person.guest,
        created_at: app.now(),
        completed_at: None,
    };
    let writes = vec![
        Write::create("erasure-mark", mark, &Mark { erasure: erasure.id })?,
        Write::create("erasure", keys::erasure(tenant, erasure.id), &erasure)?.as_subject(),
    ];
    Ok(Start::Now(erasure, writes))
}

/// Erases somebody because it is time.
pub(super) async fn erase_by_itself(app: &App, tenant: Tenant, person: &Person) -> Result<(), Problem> {
    let erasure = match start(app, tenant, person).await? {
        Start::Before(erasure) => erasure,
        Start::Now(erasure, mut writes) => {
            let (actor, action) = (Actor::System, Action::PrivacyErasureRequested);
            writes.push(audit::entry(app, tenant, actor, action, erasure.path())?);
            store::commit(app, writes).await?;
            erasure
        }
    };
    carry_out(app, tenant, erasure).await.map(drop)
}

/// Finishes what was begun and left.
pub(super) async fn finish_open(app: &App, tenant: Tenant) -> Result<(), Problem> {
    let pk = keys::open_erasures(tenant);
    let marks: Vec<Mark> = store::query_all(app, "erasure mark", Table::State, &pk).await?;
    for mark in marks {
        if let Some(erasure) = find(app, tenant, mark.erasure).await? {
            carry_out(app, tenant, erasure).await?;
        }
    }
    Ok(())
}

/// Does what `erasure` has left to do, and records that it is done.
async fn carry_out(app: &App, tenant: Tenant, erasure: Erasure) -> Result<Erasure, Problem> {
    if erasure.status == ErasureStatus::Done {
        return Ok(erasure);
    }
    let person = erasure.person();
    if let Some(customer) = erasure.customer {
        bury(app, tenant, customer, erasure.id).await?;
    }
    for subject in person.subjects() {
        vault::destroy(app, tenant, subject).await?;
    }
    if let Some(customer) = erasure.customer {
        let who = Who::Customer(customer);
        session::delete_all(app, tenant, who).await?;
        store::commit(app, vec![Write::delete(keys::credential(tenant, who))]).await?;
    }
    carts::delete(app, tenant, &person).await?;
    if let Some(customer) = erasure.customer {
        payment::saved::forget(app, tenant, customer).await?;
    }
    if let Some(email) = erasure.email {
        risk::forget(app, tenant, email).await?;
    }
    if let (Some(customer), Some(email)) = (erasure.customer, erasure.email) {
        set_free(app, tenant, customer, email).await?;
    }
    finish(app, tenant, erasure).await
}

/// Puts a tombstone in the account's place.
async fn bury(app: &App, tenant: Tenant, id: CustomerId, request: PrivacyRequestId) -> Result<(), Problem> {
    for _ in 0..TRIES {
        let write = match customer::load(app, tenant, id).await? {
            Some(customer) if customer.erased.is_some() => return Ok(()),
            Some(customer) => customer::replace(tenant, &customer.tombstone(request, app.now()))?,
            None => {
                let tombstone = Customer::unknown(id, app.now()).tombstone(request, app.now());
                Write::create("customer", keys::customer(tenant, id), &tombstone)?
            }
        };
        match store::commit(app, vec![write]).await {
            Ok(()) => return Ok(()),
            // They were changed meanwhile.
            Err(WriteError::Refused(_)) => {}
            Err(WriteError::Store(error)) => return Err(error.into()),
        }
    }
    Err(Problem::new(Code::Conflict, "Others keep changing this customer. Try again."))
}

/// Lets anybody register with the address, unless somebody else has it already.
async fn set_free(app: &App, tenant: Tenant, id: CustomerId, email: EmailHash) -> Result<(), StoreError> {
    let write = Write::delete(keys::customer_email(tenant, email))
        .when("attribute_not_exists(pk) OR customer = :customer")
        .text(":customer", id.to_string());
    match store::commit(app, vec![write]).await {
        Ok(()) | Err(WriteError::Refused(_)) => Ok(()),
        Err(WriteError::Store(error)) => Err(error),
    }
}

async fn finish(app: &App, tenant: Tenant, erasure: Erasure) -> Result<Erasure, Problem> {
    let Some(subject) = erasure.person().subjects().next() else {
        return Err(Problem::internal("an erasure of nobody"));
    };
    let (id, now) = (erasure.id, app.now());
    let done = Erasure { status: ErasureStatus::Done, email: None, completed_at: Some(now), ..erasure };
    let writes = vec![
        Write::put("erasure", keys::erasure(tenant, id), &done)?
            .when("#status = :pending")
            .name("#status", "status")
            .text(":pending", "pending"),
        Write::delete(keys::open_erasure(tenant, subject)),
        audit::entry(app, tenant, Actor::System, Action::PrivacyErased, done.path())?,
    ];
    match store::commit(app, writes).await {
        Ok(()) => Ok(done),
        // Two were at it, and the other one was quicker.
        Err(WriteError::Refused(_)) => find(app, tenant, id).await?.ok_or_else(Problem::not_found),
        Err(WriteError::Store(error)) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::Subject;

    #[test]
    fn a_done_erasure_tells_whom_it_was_about_by_id_only() {
        let now = Timestamp::UNIX_EPOCH;
        let hash: EmailHash = "ab".repeat(32).parse().unwrap();
        let erasure = Erasure {
            id: PrivacyRequestId::from_bits(1),
            status: ErasureStatus::Pending,
            customer: Some(CustomerId::from_bits(2)),
            email: Some(hash),
            guest: false,
            created_at: now,
            completed_at: None,
        };
        let subjects: Vec<_> = erasure.person().subjects().collect();
        assert_eq!(subjects, [Subject::Customer(CustomerId::from_bits(2))], "the address was never verified");
        let guest = Erasure { customer: None, guest: true, ..erasure };
        assert_eq!(guest.person().subjects().collect::<Vec<_>>(), [Subject::Guest(hash)]);
        assert!(!format!("{guest:?}").contains("abab"));
    }
}
