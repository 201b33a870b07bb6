//! Paying with gift cards and store credit, and getting it back.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{
    change::{self, Change, Happened},
    credit, storage,
};
use crate::{
    event::Cause,
    http::Problem,
    id::{GiftCardId, OrderId},
    money::{Currency, Money},
    pricing::{Tender, TenderKind},
    runtime::App,
    store::{self, StoreError, Write, WriteError, keys},
    tenant::Tenant,
};

/// How often money is given back to a card that keeps changing meanwhile.
const TRIES: usize = 5;

/// How long a card can be used at least that gets money back: an order that is canceled must not cost the shopper what
/// was good when they paid with it.
const GRACE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The writes that pay `order` with `tenders`, to be committed with what places it: two for each tender, in their order.
/// Where the first of the two is refused, the balance does not suffice or can't be used; where the second is, the order
/// took from it before.
///
/// # Errors
/// A 500 where a tender is of nothing, or two are from one balance.
pub fn redemptions(
    tenant: Tenant,
    tenders: &[Tender],
    order: OrderId,
    why: &Cause,
    now: Timestamp,
) -> Result<Vec<Write>, Problem> {
    let mut writes = Vec::with_capacity(2 * tenders.len());
    for (place, tender) in tenders.iter().enumerate() {
        let twice = tenders[..place].iter().any(|other| other.kind == tender.kind);
        if twice || tender.amount.amount() <= 0 {
            return Err(Problem::internal("two tenders are from one balance, or one is of nothing"));
        }
        let change =
            Change { amount: tender.amount, cause: order.to_string(), order: Some(order), reason: None };
        writes.push(take(tenant, &tender.kind, tender.amount, now));
        writes.push(change::record(tenant, &tender.kind, Happened::Redeemed, &change, why, now)?);
    }
    Ok(writes)
}

fn take(tenant: Tenant, from: &TenderKind, amount: Money, now: Timestamp) -> Write {
    match *from {
        TenderKind::GiftCard { id } => {
            let expression = "SET balance = balance - :amount, #version = #version + :one";
            Write::update(keys::gift_card(tenant, id), expression)
                .when("balance >= :amount AND currency = :currency AND #status = :active")
                .when("attribute_not_exists(valid_until) OR valid_until > :now")
                .name("#status", "status")
                .name("#version", "version")
                .text(":active", "active")
                .text(":currency", amount.currency().code())
                .number(":now", now.as_second())
                .number(":one", 1)
        }
        TenderKind::StoreCredit { customer } => {
            let key = keys::store_credit(tenant, customer, amount.currency());
            Write::update(key, "SET balance = balance - :amount").when("balance >= :amount")
        }
    }
    .number(":amount", amount.amount())
}

/// Gives `amount` of `order` back to the balance that it came from, or to another one. What was given back for `cause`
/// is not given back again. A card that has expired can be used for another 30 days.
///
/// # Errors
/// [`StoreError`]; `Busy` where others keep changing the balance.
pub async fn give_back(
    app: &App,
    tenant: Tenant,
    to: &TenderKind,
    amount: Money,
    order: OrderId,
    cause: &str,
) -> Result<(), StoreError> {
    if amount.amount() <= 0 {
        return Ok(());
    }
    let change = Change { amount, cause: cause.to_owned(), order: Some(order), reason: None };
    let why = Cause::of_request(cause);
    for _ in 0..TRIES {
        let now = app.now();
        let give = match *to {
            TenderKind::GiftCard { id } => give_to_card(app, tenant, id, amount, now).await?,
            TenderKind::StoreCredit { customer } => credit::give(tenant, customer, amount),
        };
        let record = change::record(tenant, to, Happened::Returned, &change, &why, now)?;
        match store::commit(app, vec![give, record]).await {
            Ok(()) => return Ok(()),
            // It was given back before, by whoever had the same cause.
            Err(error) if error.refused(1) => return Ok(()),
            Err(WriteError::Refused(_)) => {}
            Err(WriteError::Store(error)) => return Err(error),
        }
    }
    Err(StoreError::Busy("the balance keeps changing".to_owned()))
}

/// The write is refused where the card's end has moved since it was read, or has come.
async fn give_to_card(
    app: &App,
    tenant: Tenant,
    id: GiftCardId,
    amount: Money,
    now: Timestamp,
) -> Result<Write, StoreError> {
    let lost = || StoreError::Unreadable { kind: "gift card", reason: "there is no such card".to_owned() };
    let card = storage::load(app, tenant, id).await?.ok_or_else(lost)?;
    let key = keys::gift_card(tenant, id);
    let give = "SET balance = balance + :amount, #version = #version + :one";
    let write = if card.has_expired(now) {
        let end = now + GRACE;
        let expression = format!("{give}, valid_until = :end, due_shard = :shard, due_at = :due");
        Write::update(key, expression)
            .when("valid_until = :before")
            .number(":before", card.valid_until.unwrap_or_default())
            .number(":end", end.as_second())
            .text(":shard", shard(id))
            .text(":due", store::due_at(end))
    } else {
        Write::update(key, give)
            .when("attribute_not_exists(valid_until) OR valid_until > :now")
            .number(":now", now.as_second())
    };
    Ok(write
        .when("currency = :currency")
        .name("#version", "version")
        .text(":currency", amount.currency().code())
        .number(":amount", amount.amount())
        .number(":one", 1))
}

/// The part of the index of due work that a card is in while it can expire.
pub(super) fn shard(id: GiftCardId) -> String {
    keys::due_shard(u64::try_from(id.bits() % u128::from(keys::DUE_SHARDS)).unwrap_or(0))
}

/// What can be paid with it now, in `currency`. What decides is the redemption, later.
///
/// # Errors
/// [`StoreError`].
pub async fn balance(
    app: &App,
    tenant: Tenant,
    of: &TenderKind,
    currency: Currency,
) -> Result<Money, StoreError> {
    #[derive(Deserialize)]
    struct Kept {
        balance: i64,
    }
    match *of {
        TenderKind::GiftCard { id } => {
            let card = storage::load(app, tenant, id).await?;
            let card = card.filter(|card| card.currency == currency && card.usable(app.now()).is_ok());
            Ok(card.map_or(Money::zero(currency), |card| card.balance()))
        }
        TenderKind::StoreCredit { customer } => {
            let key = keys::store_credit(tenant, customer, currency);
            let kept: Option<Kept> = store::get(app, "store credit", &key).await?;
            Ok(Money::new(kept.map_or(0, |kept| kept.balance), currency))
        }
    }
}
