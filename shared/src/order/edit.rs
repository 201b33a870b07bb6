//! Changes of what is bought, by staff, before any of it is sent.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{event::Actor, model::Order, refund::RefundParts};
use crate::{
    catalog::Sku,
    contact::Line,
    id::{EditId, RefundId, ReturnId},
    inventory::Demand,
    money::Money,
    payment::{Decline, NextAction, PaymentKey, ProviderName},
    pricing::{PricedLine, Pricing},
    totals::Totals,
    vault::Sealed,
};

/// An edit as it was asked for: the whole order as it is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditRequest {
    /// Its id.
    pub edit: EditId,
    /// What is bought.
    pub lines: Vec<PricedLine>,
    /// What it comes to.
    pub totals: Totals,
    /// How it was priced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pricing: Option<Pricing>,
    /// What has to be charged for it; nothing, where it makes nothing dearer.
    pub charge: Money,
    /// Which of the order's payments that is.
    pub payment: u32,
    /// What it is given for, where goods are exchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<Exchange>,
    /// In the words of who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Line>,
    /// Who.
    pub by: Actor,
}

/// What goods are given for that came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Exchange {
    /// The return that they came with.
    #[serde(rename = "return")]
    pub id: ReturnId,
    /// How many of what came are sent again, as they were: they were paid for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, u32>)]
    pub again: BTreeMap<Sku, u32>,
    /// What the others that came cost: it pays for the new goods, and what is beyond them goes back.
    pub credit: Money,
    /// Which of them those are.
    pub parts: RefundParts,
    /// The refund that this is, once the edit is done.
    pub refund: RefundId,
}

/// What was taken for an edit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditCharge {
    /// Which of the order's payments it is, from 2.
    pub number: u32,
    /// How much.
    pub amount: Money,
    /// The provider's name of the payment.
    pub reference: String,
    /// What the provider keeps of it, where it said so by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee: Option<Money>,
    /// Which provider.
    #[serde(default, skip_serializing_if = "ProviderName::is_default")]
    pub provider: ProviderName,
}

/// Why an edit failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EditFailure {
    /// Something is not in stock.
    OutOfStock {
        /// What.
        sku: Sku,
    },
    /// The provider said no.
    Declined {
        /// Why.
        decline: Decline,
    },
    /// The provider never said whether it has the money, or the shopper did not do what it asks of them.
    Timeout,
    /// The order is being canceled.
    Canceled,
}

/// Where an edit stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditStatus {
    /// Stock and payment are being seen to.
    Pending,
    /// It is not to be: what the provider has of its money goes back, whatever the provider says of it by now.
    Abandoned(EditFailure),
    /// It is done.
    Applied,
    /// It was given up, and the order stays as it was.
    Failed(EditFailure),
}

/// An edit, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What was asked for.
    pub request: EditRequest,
    /// What was bought before it.
    pub before: Version,
    /// Where it stands.
    pub status: EditStatus,
    /// What was taken for it.
    pub charged: Option<EditCharge>,
    /// What the shopper's browser needs, while the shopper must do something.
    pub action: Option<Sealed<NextAction>>,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it was done or given up.
    pub settled_at: Option<Timestamp>,
}

/// What is bought, and what it comes to: an order has one, and another with each edit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OrderVersion)]
pub struct Version {
    /// What is bought.
    pub lines: Vec<PricedLine>,
    /// What it comes to.
    pub totals: Totals,
}

/// How many of each SKU `lines` want.
pub(crate) fn demand_of(lines: &[PricedLine]) -> Demand {
    let mut demand = Demand::new();
    for line in lines {
        *demand.entry(line.sku.clone()).or_default() += u64::from(line.quantity.get());
    }
    demand
}

/// Whether `demand` wants more of anything than `held`.
pub(super) fn exceeds(demand: &Demand, held: &Demand) -> bool {
    demand.iter().any(|(sku, count)| *count > held.get(sku).copied().unwrap_or(0))
}

impl Edit {
    /// The edit that was just asked for, of an order that is `before`.
    pub fn new(request: EditRequest, before: Version, requested_at: Timestamp) -> Self {
        let status = EditStatus::Pending;
        Self { request, before, status, charged: None, action: None, requested_at, settled_at: None }
    }

    /// Its id.
    pub fn id(&self) -> EditId {
        self.request.edit
    }

    /// What the order wants of the stock until the edit is done or given up: what it needs before and after it.
    fn demand(&self) -> Demand {
        let mut demand = demand_of(&self.before.lines);
        for (sku, count) in demand_of(&self.request.lines) {
            let held = demand.entry(sku).or_default();
            *held = count.max(*held);
        }
        for (sku, count) in self.request.exchange.iter().flat_map(|exchange| &exchange.again) {
            *demand.entry(sku.clone()).or_default() += u64::from(*count);
        }
        demand
    }
}

/// Where each of the lines `before` stands among those `after` a change, which keeps their order; nothing where it went.
pub(super) fn places(before: &[PricedLine], after: &[PricedLine]) -> Vec<Option<usize>> {
    let same = |old: &PricedLine, new: &PricedLine| {
        (&old.sku, old.unit_price, &old.by_hand.is_some())
            == (&new.sku, new.unit_price, &new.by_hand.is_some())
    };
    let mut next = 0;
    let places = before.iter().map(|old| {
        let place = after.get(next).filter(|new| same(old, new)).map(|_| next);
        next += usize::from(place.is_some());
        place
    });
    places.collect()
}

impl Order {
    /// The edit that is under way.
    pub fn pending_edit(&self) -> Option<&Edit> {
        self.edits.iter().find(|edit| matches!(edit.status, EditStatus::Pending | EditStatus::Abandoned(_)))
    }

    /// What of the stock the order has to hold until `edit` is done or given up.
    pub fn demand_of_edit(&self, edit: &Edit) -> Demand {
        self.without_parcels(edit.demand(), |parcel| parcel.stock_shipped)
    }

    /// The provider's key of the payment that `edit` needs.
    pub fn payment_of(&self, edit: &Edit) -> PaymentKey {
        PaymentKey { order: self.id, number: edit.request.payment }
    }

    /// The numbers of the payments that the provider may know: the order's own and those of edits. A number may be of
    /// none, such as the first where a gift card paid for all.
    pub fn payment_numbers(&self) -> std::collections::BTreeSet<u32> {
        let of_edits = self.edits.iter().filter(|edit| !edit.request.charge.is_zero());
        std::iter::once(1).chain(of_edits.map(|edit| edit.request.payment)).collect()
    }

    /// What is bought now.
    pub(super) fn version(&self) -> Version {
        Version { lines: self.lines.clone(), totals: self.totals.clone() }
    }
}
