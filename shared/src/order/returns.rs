//! Goods that come back.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::Order;
use crate::{
    catalog::Sku,
    contact::{Line, LocationId, Note},
    id::{EditId, RefundId, ReturnId},
    quantity::Quantity,
    text::slug,
    vault::Sealed,
};

crate::text_type! {
    /// Why goods come back, in a word of the store's own choice, such as `damaged`. A word, so that nobody writes
    /// about themselves in what is published.
    ReturnReason, example "damaged", length 1..=40, pattern "^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$", check slug
}

/// Some of a line that is to come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnLine {
    /// Of what.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
    /// Why.
    pub reason: ReturnReason,
}

/// Some of a line that came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceivedLine {
    /// Of what.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
    /// Where they were put to be sold again; nowhere, where they can't be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restock: Option<LocationId>,
}

/// Where a return stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReturnStatus {
    /// A shopper asked, and staff have yet to agree.
    Requested,
    /// The goods are awaited.
    Approved,
    /// They came.
    Received,
    /// They are not taken back.
    Rejected,
}

/// A return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    /// Its id.
    pub id: ReturnId,
    /// What was to come back.
    pub lines: Vec<ReturnLine>,
    /// What came back.
    pub received: Vec<ReceivedLine>,
    /// What who asked said of it, sealed under the shopper's key.
    pub note: Option<Sealed<Note>>,
    /// Where it stands.
    pub status: ReturnStatus,
    /// Why it was rejected.
    pub rejection: Option<Line>,
    /// The refund that was asked for when it came.
    pub refund: Option<RefundId>,
    /// The edit that gives other goods for what came.
    pub exchange: Option<EditId>,
    /// Whether what is to be sold again is on the shelves.
    pub restocked: bool,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it came, or was rejected.
    pub settled_at: Option<Timestamp>,
}

impl Return {
    /// The return that was just asked for.
    pub fn new(
        id: ReturnId,
        lines: Vec<ReturnLine>,
        asked: bool,
        note: Option<Sealed<Note>>,
        requested_at: Timestamp,
    ) -> Self {
        Self {
            id,
            lines,
            received: Vec::new(),
            note,
            status: if asked { ReturnStatus::Requested } else { ReturnStatus::Approved },
            rejection: None,
            refund: None,
            exchange: None,
            restocked: false,
            requested_at,
            settled_at: None,
        }
    }

    /// How many of each SKU are awaited, or came.
    pub fn counts(&self) -> BTreeMap<&Sku, u64> {
        match self.status {
            ReturnStatus::Requested | ReturnStatus::Approved => {
                count(self.lines.iter().map(|line| (&line.sku, line.quantity)))
            }
            ReturnStatus::Received => count(self.received.iter().map(|line| (&line.sku, line.quantity))),
            ReturnStatus::Rejected => BTreeMap::new(),
        }
    }

    /// Whether some of it has still to be put on the shelves.
    pub fn waits_for_shelves(&self) -> bool {
        !self.restocked && self.received.iter().any(|line| line.restock.is_some())
    }
}

/// How many of each SKU. Two lines of one SKU are one.
pub(super) fn count<'a>(lines: impl Iterator<Item = (&'a Sku, Quantity)>) -> BTreeMap<&'a Sku, u64> {
    let mut counts = BTreeMap::new();
    for (sku, quantity) in lines {
        *counts.entry(sku).or_default() += u64::from(quantity.get());
    }
    counts
}

impl Order {
    /// How many of each SKU were sent, and neither came back nor are awaited.
    pub fn returnable(&self) -> BTreeMap<Sku, u64> {
        let sent = self.fulfillments.iter().flat_map(|parcel| &parcel.lines);
        let mut left: BTreeMap<Sku, u64> = count(sent.map(|line| (&line.sku, line.quantity)))
            .into_iter()
            .map(|(sku, count)| (sku.clone(), count))
            .collect();
        for (sku, count) in self.returns.iter().flat_map(Return::counts) {
            if let Some(left) = left.get_mut(sku) {
                *left = left.saturating_sub(count);
            }
        }
        left.retain(|_, left| *left > 0);
        left
    }

    /// Whether `days` have not passed since the last parcel was packed.
    pub fn is_within_return_window(&self, days: u16, now: Timestamp) -> bool {
        let window = SignedDuration::from_hours(24 * i64::from(days));
        let sent = self.fulfillments.iter().map(|parcel| parcel.created_at).max();
        sent.is_none_or(|sent| now.duration_since(sent) <= window)
    }

    /// The return `id`.
    pub fn find_return(&self, id: ReturnId) -> Option<&Return> {
        self.returns.iter().find(|one| one.id == id)
    }
}
