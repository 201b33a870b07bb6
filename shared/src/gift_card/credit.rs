//! Store credit: what a store owes a customer, by currency.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    change::{self, Change, Happened},
    issue::{MOST, given},
    storage,
    view::Transaction,
};
use crate::{
    contact::Line,
    customer,
    http::{Call, Code, Problem, Reply},
    id::{CustomerId, EventId},
    money::{Currency, Money},
    pricing::TenderKind,
    runtime::App,
    store::{self, StoreError, Table, Write, keys},
    tenant::Tenant,
};

/// The most that a customer may be owed, in minor units.
const MOST_BALANCE: i64 = 1_000 * MOST;

/// Store credit to be granted.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantCredit {
    /// How much.
    pub amount: Money,
    /// Why, in the store's own words. The customer sees it.
    pub reason: Line,
}

/// A customer's store credit.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = StoreCredit)]
pub struct StoreCreditView {
    /// Whose.
    pub customer: CustomerId,
    /// What there is, by currency.
    pub balances: Vec<Money>,
    /// What changed it, newest first.
    pub transactions: Vec<Transaction>,
}

#[derive(Deserialize)]
struct Kept {
    currency: Currency,
    balance: i64,
}

/// The write that adds `amount` to what a customer is owed.
pub(super) fn give(tenant: Tenant, customer: CustomerId, amount: Money) -> Write {
    let update = "SET #kind = :kind, currency = :currency ADD balance :amount";
    Write::update(keys::store_credit(tenant, customer, amount.currency()), update)
        .when("attribute_not_exists(balance) OR balance <= :room")
        .name("#kind", "kind")
        .text(":kind", "store_credit")
        .text(":currency", amount.currency().code())
        .number(":amount", amount.amount())
        .number(":room", MOST_BALANCE - amount.amount())
}

/// Grants a customer store credit and answers the transaction.
///
/// # Errors
/// 404 where there is no such customer, 410 where they were erased, 422.
pub async fn grant<Q>(
    app: &App,
    call: &Call<GrantCredit, Q>,
    customer: CustomerId,
) -> Result<Reply<Transaction>, Problem> {
    let (tenant, now) = (call.tenant()?, app.now());
    let amount = given(call.body.amount)?;
    must_be_there(app, tenant, customer).await?;
    let (cause, reason) = (EventId::new(app).to_string(), Some(call.body.reason.clone()));
    let change = Change { amount, cause, order: None, reason };
    let of = TenderKind::StoreCredit { customer };
    let record = change::record(tenant, &of, Happened::Granted, &change, &call.cause(), now)?;
    let shown = Transaction::new(&change, Happened::Granted, now);
    let reply = Reply::created(format!("/v1/customers/{customer}/store-credit"), shown);
    match call.commit(app, vec![give(tenant, customer, amount), record.as_subject()], reply).await {
        Err(error) if error.refused(0) => {
            Err(Problem::invalid("amount.amount", "The customer would be owed too much."))
        }
        outcome => Ok(outcome?),
    }
}

async fn must_be_there(app: &App, tenant: Tenant, id: CustomerId) -> Result<(), Problem> {
    let customer = customer::load(app, tenant, id).await?.ok_or_else(Problem::not_found)?;
    if customer.erased.is_some() {
        return Err(Problem::new(Code::Erased, "What was known of this person was erased."));
    }
    Ok(())
}

/// What a customer is owed, by currency.
///
/// # Errors
/// [`StoreError`].
pub async fn balances(app: &App, tenant: Tenant, customer: CustomerId) -> Result<Vec<Money>, StoreError> {
    let kept: Vec<Kept> =
        store::query_all(app, "store credit", Table::State, &keys::store_credits(tenant, customer)).await?;
    Ok(kept.into_iter().map(|kept| Money::new(kept.balance, kept.currency)).collect())
}

/// The store credit of a customer, with what changed it.
///
/// # Errors
/// 404 where there is no such customer.
pub async fn read_credit(
    app: &App,
    tenant: Tenant,
    customer: CustomerId,
) -> Result<StoreCreditView, Problem> {
    customer::load(app, tenant, customer).await?.ok_or_else(Problem::not_found)?;
    Ok(credit_of(app, tenant, customer).await?)
}

/// The store credit of the customer who is calling.
///
/// # Errors
/// As [`customer::own`].
pub async fn own_credit<B, Q>(app: &App, call: &Call<B, Q>) -> Result<StoreCreditView, Problem> {
    let customer = customer::own(app, call).await?;
    Ok(credit_of(app, call.tenant()?, customer.id).await?)
}

/// What a customer is owed, whoever asks, with what changed it.
///
/// # Errors
/// [`StoreError`].
pub async fn credit_of(
    app: &App,
    tenant: Tenant,
    customer: CustomerId,
) -> Result<StoreCreditView, StoreError> {
    let balances = balances(app, tenant, customer).await?;
    let commits = storage::changes(app, tenant, &TenderKind::StoreCredit { customer }).await?;
    let transactions = commits.iter().rev().flat_map(Transaction::all_of).collect();
    Ok(StoreCreditView { customer, balances, transactions })
}
