//! What changes a balance: facts, one for each cause.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    contact::Line,
    event::{Cause, Commit, Recorded},
    id::{EventId, OrderId},
    money::Money,
    pricing::TenderKind,
    store::{Key, StoreError, Write, keys},
    tenant::Tenant,
};

/// What happened to a balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    /// A gift card came to be.
    Issued,
    /// A customer was granted store credit.
    Granted,
    /// An order was paid with it.
    Redeemed,
    /// An order gave it back.
    Returned,
    /// Its time had come.
    Expired,
    /// Staff disabled it. Nothing was taken.
    Disabled,
    /// Staff enabled it again. Nothing was given.
    Enabled,
}

impl Happened {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Issued,
        Self::Granted,
        Self::Redeemed,
        Self::Returned,
        Self::Expired,
        Self::Disabled,
        Self::Enabled,
    ];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Granted => "granted",
            Self::Redeemed => "redeemed",
            Self::Returned => "returned",
            Self::Expired => "expired",
            Self::Disabled => "disabled",
            Self::Enabled => "enabled",
        }
    }

    /// Whether it takes from the balance.
    pub const fn takes(self) -> bool {
        matches!(self, Self::Redeemed | Self::Expired)
    }
}

/// What there is to know of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// How much was given or taken; never below zero.
    pub amount: Money,
    /// Why: what happened for one cause happens once.
    pub cause: String,
    /// The order that it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// In the words of who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Line>,
}

/// What an event's type says happened, of a gift card or of store credit.
pub fn happened_of(kind: &str) -> Option<Happened> {
    let name = kind.strip_prefix("gift_card.").or_else(|| kind.strip_prefix("store_credit."))?;
    Happened::ALL.into_iter().find(|happened| happened.as_str() == name)
}

fn event_kind(of: &TenderKind, happened: Happened) -> String {
    let family = match of {
        TenderKind::GiftCard { .. } => "gift_card",
        TenderKind::StoreCredit { .. } => "store_credit",
    };
    format!("{family}.{}", happened.as_str())
}

/// The partition of the events table that holds what changed the balance of `of`.
pub(super) fn partition(tenant: Tenant, of: &TenderKind) -> String {
    match *of {
        TenderKind::GiftCard { id } => keys::gift_card_changes(tenant, id),
        TenderKind::StoreCredit { customer } => keys::store_credits(tenant, customer),
    }
}

/// Where the fact is that `happened` to `of` for `cause`.
pub(super) fn key(tenant: Tenant, of: &TenderKind, happened: Happened, cause: &str) -> Key {
    keys::balance_change(partition(tenant, of), happened.as_str(), cause)
}

/// The write that records a change, refused where the same happened for the same cause before.
///
/// # Errors
/// [`StoreError`] where it can't be written down.
pub(super) fn record(
    tenant: Tenant,
    of: &TenderKind,
    happened: Happened,
    change: &Change,
    why: &Cause,
    at: Timestamp,
) -> Result<Write, StoreError> {
    let subject = match of {
        TenderKind::GiftCard { id } => id.to_string(),
        TenderKind::StoreCredit { customer } => customer.to_string(),
    };
    let kind = event_kind(of, happened);
    let seed = [tenant.to_string(), subject.clone(), kind.clone(), change.cause.clone()];
    let id = EventId::derived(at, &seed.each_ref().map(String::as_bytes));
    let data = serde_json::to_value(change)
        .map_err(|error| StoreError::Unreadable { kind: "balance change", reason: error.to_string() })?;
    let recorded = Recorded { id, kind, version: 1, sequence: 0, data };
    let commit = Commit {
        store: tenant.store(),
        mode: tenant.mode(),
        subject,
        at,
        cause: why.clone(),
        events: vec![recorded],
    };
    Write::create("balance_change", key(tenant, of, happened, &change.cause), &commit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{CustomerId, GiftCardId};

    #[test]
    fn what_happened_is_told_by_the_type_and_read_back() {
        let purses = [
            TenderKind::GiftCard { id: GiftCardId::from_bits(1) },
            TenderKind::StoreCredit { customer: CustomerId::from_bits(1) },
        ];
        for purse in purses {
            for happened in Happened::ALL {
                assert_eq!(happened_of(&event_kind(&purse, happened)), Some(happened));
            }
        }
        assert_eq!(happened_of("order.redeemed"), None);
        assert_eq!(happened_of("gift_card.eaten"), None);
    }
}
