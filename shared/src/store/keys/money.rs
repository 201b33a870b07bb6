//! Gift cards, store credit, and the books.

use jiff::Timestamp;

use super::{Key, Table, tenant_of, thing};
use crate::{
    id::{CustomerId, GiftCardId, LedgerEntryId},
    money::Currency,
    tenant::Tenant,
};

/// The partition of the events table that holds all that changed a gift card.
pub fn gift_card_changes(tenant: Tenant, id: GiftCardId) -> String {
    format!("{tenant}/gift-card/{id}")
}

/// A gift card, with its balance.
pub fn gift_card(tenant: Tenant, id: GiftCardId) -> Key {
    Key::state(format!("{tenant}/gift-card/{id}"), "card")
}

/// Which gift card has the code of this keyed hash.
pub fn gift_card_code(tenant: Tenant, hash: &str) -> Key {
    Key::state(format!("{tenant}/gift-code/{hash}"), "code")
}

/// The partition that lists a store's gift cards, by id.
pub fn gift_cards(tenant: Tenant) -> String {
    format!("{tenant}/gift-cards")
}

/// A gift card's place in the list.
pub fn listed_gift_card(tenant: Tenant, id: GiftCardId) -> Key {
    Key::state(gift_cards(tenant), id.to_string())
}

/// The gift card that a key made by [`gift_card`] is of.
pub fn gift_card_of(pk: &str) -> Option<(Tenant, GiftCardId)> {
    let (kind, id) = thing(pk)?;
    (kind == "gift-card").then_some(())?;
    Some((tenant_of(pk)?, id.parse().ok()?))
}

/// The partition that holds a customer's store credit, by currency; in the events table, all that changed it.
pub fn store_credits(tenant: Tenant, customer: CustomerId) -> String {
    format!("{tenant}/store-credit/{customer}")
}

/// A customer's store credit in one currency.
pub fn store_credit(tenant: Tenant, customer: CustomerId, currency: Currency) -> Key {
    Key::state(store_credits(tenant, customer), currency.code())
}

/// What changed a balance: one for each thing that happened for one cause. `changes` is the partition that
/// [`gift_card_changes`] or [`store_credits`] names.
pub fn balance_change(changes: String, happened: &str, cause: &str) -> Key {
    Key::of(Table::Events, changes, format!("{happened}/{cause}"))
}

/// The partition of the events table that holds the entries of a store's ledger, by time.
pub fn ledger(tenant: Tenant) -> String {
    format!("{tenant}/ledger")
}

/// A time among a store's entries: what stands before it is of before it, and what stands after it is not.
pub fn ledger_time(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// The place of an entry among a store's entries.
pub fn ledger_position(at: Timestamp, entry: LedgerEntryId) -> String {
    format!("{}/{entry}", ledger_time(at))
}

/// An entry of a store's ledger.
pub fn ledger_entry(tenant: Tenant, at: Timestamp, entry: LedgerEntryId) -> Key {
    Key::of(Table::Events, ledger(tenant), ledger_position(at, entry))
}

/// The partition that holds what the entries of a store's ledger come to, by month, as far as they were summed.
pub fn ledger_balances(tenant: Tenant) -> String {
    format!("{tenant}/ledger/balances")
}

/// What the entries of a month come to, as far as they were summed.
pub fn ledger_balance(tenant: Tenant, period: &str) -> Key {
    Key::state(ledger_balances(tenant), period)
}

/// The partition that lists what a store's reconciliations found, by time.
pub fn reconciliations(tenant: Tenant) -> String {
    format!("{tenant}/reconciliations")
}

/// What a reconciliation found.
pub fn reconciliation(tenant: Tenant, at: Timestamp) -> Key {
    Key::state(reconciliations(tenant), format!("{at:.3}"))
}
