//! The end of gift cards. What is left on one is the store's, once, and the ledger hears of it.

use super::{
    change::{self, Change, Happened},
    storage,
};
use crate::{
    event::Cause,
    id::GiftCardId,
    pricing::TenderKind,
    runtime::App,
    store::{self, StoreError, Write, WriteError, keys},
    tenant::Tenant,
};

/// Takes what is left on the card `id`, if its time has come. The sweeper finds it; whoever would pay with it is refused
/// before that, by the clock.
///
/// # Errors
/// [`StoreError`]; the next sweep goes on.
pub async fn expire(app: &App, tenant: Tenant, id: GiftCardId) -> Result<(), StoreError> {
    let now = app.now();
    let Some(card) = storage::load(app, tenant, id).await?.filter(|card| card.has_expired(now)) else {
        return Ok(());
    };
    let end = card.valid_until.unwrap_or_default();
    let update = "SET balance = :none, #version = #version + :one REMOVE due_shard, due_at";
    let take = Write::update(keys::gift_card(tenant, id), update)
        .when("balance = :left AND valid_until = :end")
        .name("#version", "version")
        .number(":none", 0)
        .number(":one", 1)
        .number(":left", card.balance)
        .number(":end", end);
    let mut writes = vec![take];
    if card.balance > 0 {
        let change = Change { amount: card.balance(), cause: end.to_string(), order: None, reason: None };
        let (of, why) = (TenderKind::GiftCard { id }, Cause::of_request(&format!("expiry of {id}")));
        writes.push(change::record(tenant, &of, Happened::Expired, &change, &why, now)?);
    }
    match store::commit(app, writes).await {
        // Something was given back to it at this moment: the next sweep looks again.
        Ok(()) | Err(WriteError::Refused(_)) => Ok(()),
        Err(WriteError::Store(error)) => Err(error),
    }
}
