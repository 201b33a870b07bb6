//! What an order is: the sum of what happened to it.

use std::collections::BTreeMap;

pub use super::status::{OrderStatus, PaymentStatus, StockState};
use super::{
    after,
    edit::{Edit, demand_of},
    event::{CancelCause, OrderEvent, Placed, ShippedLine, TimelineEntry, Tracking},
    funds::Charged,
    refund::Refund,
    returns::Return,
};
use crate::{
    catalog::Sku,
    id::{FulfillmentId, OrderId},
    inventory::{Allocation, Demand},
    money::Money,
    payment::{Decline, DisputeStatus, NextAction, ProviderDispute, ProviderName},
    pricing::{PricedLine, Pricing},
    risk::{Assessment, RiskOutcome},
    totals::Totals,
    vault::Sealed,
};
use jiff::Timestamp;

/// A parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fulfillment {
    /// Its id.
    pub id: FulfillmentId,
    /// What is in it.
    pub lines: Vec<ShippedLine>,
    /// Where it can be followed.
    pub tracking: Option<Tracking>,
    /// When it was packed.
    pub created_at: Timestamp,
    /// Whether what it holds was taken off the shelves.
    pub stock_shipped: bool,
}

/// A cancellation that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancellation {
    /// Why.
    pub cause: CancelCause,
    /// In the words of who asked for it.
    pub reason: Option<String>,
    /// When it was done.
    pub done_at: Option<Timestamp>,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// How many events happened to it.
    pub sequence: u32,
    /// What was ordered.
    pub placed: Placed,
    /// What is bought, after all edits.
    pub lines: Vec<PricedLine>,
    /// What that comes to.
    pub totals: Totals,
    /// How it was priced.
    pub pricing: Option<Pricing>,
    /// When.
    pub placed_at: Timestamp,
    /// Since when it may be paid: when it was placed, or when a person let it pass.
    pub payable_since: Timestamp,
    /// What became of its stock.
    pub stock: StockState,
    /// What it got of it at first, and where.
    pub allocations: Vec<Allocation>,
    /// How risky it is, once that is known, and why.
    pub risk: Option<Assessment>,
    /// A person's decision: whether to go on.
    pub review: Option<bool>,
    /// Where its payment stands.
    pub payment: PaymentStatus,
    /// Which provider is to hold the money, or does.
    pub provider: ProviderName,
    /// What the shopper's browser needs, while the shopper must do something.
    pub action: Option<Sealed<NextAction>>,
    /// The disputes about its payments, each with the number of its payment.
    pub disputes: Vec<(u32, ProviderDispute)>,
    /// The provider's name of the payment.
    pub payment_reference: Option<String>,
    /// What the provider held of its own payment.
    pub held: Money,
    /// What the provider took.
    pub captured: Money,
    /// What the provider gave back, or is giving back.
    pub refunded: Money,
    /// What was taken, by payment.
    pub charges: Vec<Charged>,
    /// Why the payment was declined.
    pub decline: Option<Decline>,
    /// When it was confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// Whether staff asked to take the money.
    pub capture_requested: bool,
    /// How much of it they want, where that is not all that is due.
    pub capture_amount: Option<Money>,
    /// Its cancellation, if it was asked for.
    pub cancellation: Option<Cancellation>,
    /// Its parcels.
    pub fulfillments: Vec<Fulfillment>,
    /// Its refunds, in the order in which they were asked for.
    pub refunds: Vec<Refund>,
    /// Its returns, in the order in which they were asked for.
    pub returns: Vec<Return>,
    /// Its edits, in the order in which they were asked for.
    pub edits: Vec<Edit>,
    /// What came back and is sent again, by SKU.
    pub sent_again: BTreeMap<Sku, u64>,
    /// Whether it may hold more stock than it needs since an edit.
    pub holds_more: bool,
    /// What happened, in order.
    pub timeline: Vec<TimelineEntry>,
}

impl Order {
    fn new(id: OrderId, placed: Placed, at: Timestamp) -> Self {
        let none = Money::zero(placed.totals.total.currency());
        let placed_provider = placed.provider;
        Self {
            id,
            sequence: 0,
            lines: placed.lines.clone(),
            totals: placed.totals.clone(),
            pricing: placed.pricing.clone(),
            placed,
            placed_at: at,
            payable_since: at,
            stock: StockState::None,
            allocations: Vec::new(),
            risk: None,
            review: None,
            payment: PaymentStatus::None,
            provider: placed_provider,
            action: None,
            disputes: Vec::new(),
            payment_reference: None,
            held: none,
            captured: none,
            refunded: none,
            charges: Vec::new(),
            decline: None,
            confirmed_at: None,
            capture_requested: false,
            capture_amount: None,
            cancellation: None,
            fulfillments: Vec::new(),
            refunds: Vec::new(),
            returns: Vec::new(),
            edits: Vec::new(),
            sent_again: BTreeMap::new(),
            holds_more: false,
            timeline: Vec::new(),
        }
    }

    /// Where it stands.
    pub fn status(&self) -> OrderStatus {
        if self.is_canceled() {
            OrderStatus::Canceled
        } else if self.confirmed_at.is_some() {
            if self.unshipped().is_empty() {
                OrderStatus::Fulfilled
            } else if self.fulfillments.is_empty() {
                OrderStatus::Confirmed
            } else {
                OrderStatus::PartiallyFulfilled
            }
        } else if self.awaits_review() {
            OrderStatus::InReview
        } else {
            OrderStatus::Pending
        }
    }

    /// Whether it is over.
    pub fn is_canceled(&self) -> bool {
        self.cancellation.as_ref().is_some_and(|cancellation| cancellation.done_at.is_some())
    }

    fn risk_outcome(&self) -> Option<RiskOutcome> {
        self.risk.as_ref().map(|risk| risk.outcome)
    }

    /// Whether a person must decide.
    pub fn awaits_review(&self) -> bool {
        let review = self.risk_outcome() == Some(RiskOutcome::Review);
        review && self.review.is_none() && self.cancellation.is_none()
    }

    /// Whether the provider may hold money of it that was not taken yet. Where nothing is known yet, an authorization may
    /// be under way: it is asked for once the stock is held and no person's decision is awaited.
    pub fn may_be_held(&self) -> bool {
        match self.payment {
            PaymentStatus::Authorized => true,
            PaymentStatus::None => {
                let passed = match self.risk_outcome() {
                    Some(RiskOutcome::Allow) => true,
                    Some(RiskOutcome::Review) => self.review == Some(true),
                    Some(RiskOutcome::Deny) | None => false,
                };
                self.stock == StockState::Reserved && passed
            }
            PaymentStatus::Voided
            | PaymentStatus::Failed
            | PaymentStatus::Captured
            | PaymentStatus::PartiallyRefunded
            | PaymentStatus::Refunded => false,
        }
    }

    /// Whether there may be money of it, held or taken, that has to go back before it is over.
    pub fn may_hold_money(&self) -> bool {
        let kept = self.was_captured() && !self.kept().is_ok_and(Money::is_zero);
        self.may_be_held() || kept || self.has_pending_refund() || self.pending_edit().is_some()
    }

    /// What it comes to.
    pub fn total(&self) -> Money {
        self.totals.total
    }

    /// What it got of the stock at first, if it did. An order that got it as it was placed has no other record of it,
    /// until what it holds changes.
    pub fn first_allocations(&self) -> Option<&[Allocation]> {
        (self.stock == StockState::Reserved).then_some(self.allocations.as_slice())
    }

    /// What it wants of the stock. Two lines of one SKU are one demand.
    pub fn demand(&self) -> Demand {
        demand_of(&self.lines)
    }

    /// What was not put into a parcel yet, by SKU.
    pub fn unshipped(&self) -> BTreeMap<Sku, u64> {
        self.without_parcels(self.demand(), |_| true)
    }

    /// What of the stock it has to hold: what it wants, and what is not off the shelves yet.
    pub fn to_hold(&self) -> Demand {
        self.without_parcels(self.demand(), |parcel| parcel.stock_shipped)
    }

    /// `demand`, and what is sent again, without what is in those parcels.
    pub(super) fn without_parcels(&self, mut demand: Demand, which: fn(&Fulfillment) -> bool) -> Demand {
        for (sku, count) in &self.sent_again {
            *demand.entry(sku.clone()).or_default() += count;
        }
        let parcels = self.fulfillments.iter().filter(|parcel| which(parcel));
        for line in parcels.flat_map(|parcel| &parcel.lines) {
            if let Some(left) = demand.get_mut(&line.sku) {
                *left = left.saturating_sub(u64::from(line.quantity.get()));
            }
        }
        demand.retain(|_, left| *left > 0);
        demand
    }
}

/// What an order is after one more event. The first must be [`OrderEvent::Placed`]; an event that can't follow leaves
/// the order as it was, for what is recorded has happened.
pub fn evolve(id: OrderId, order: Option<Order>, event: OrderEvent, at: Timestamp) -> Option<Order> {
    let kind = event.write().map(|(kind, _)| kind).unwrap_or_default();
    let mut order = match (order, event) {
        (None, OrderEvent::Placed(placed)) => Order::new(id, *placed, at),
        (None, _) => return None,
        (Some(mut order), event) => {
            apply(&mut order, event, at);
            order
        }
    };
    order.sequence += 1;
    order.timeline.push(TimelineEntry { version: order.sequence, kind, at });
    Some(order)
}

fn apply(order: &mut Order, event: OrderEvent, at: Timestamp) {
    match event {
        OrderEvent::Placed(_) => {}
        OrderEvent::StockReserved { allocations } => {
            order.stock = StockState::Reserved;
            order.allocations = allocations;
        }
        OrderEvent::StockRefused { .. } => order.stock = StockState::Refused,
        OrderEvent::StockReleased {} => order.stock = StockState::Released,
        OrderEvent::RiskAssessed { outcome, score, reasons } => {
            order.risk = Some(Assessment { outcome, score, reasons });
        }
        OrderEvent::ReviewApproved { .. } => {
            order.review = Some(true);
            order.payable_since = at;
        }
        OrderEvent::ReviewRejected { .. } => order.review = Some(false),
        OrderEvent::PaymentActionRequired { client_action } => order.action = Some(client_action),
        OrderEvent::PaymentRerouted { to, .. } => {
            order.provider = to;
            order.action = None;
        }
        OrderEvent::PaymentAuthorized { amount, reference, provider } => {
            order.payment = PaymentStatus::Authorized;
            order.provider = provider;
            order.action = None;
            order.payment_reference = Some(reference);
            order.held = amount;
        }
        OrderEvent::PaymentDeclined { decline } => {
            order.payment = PaymentStatus::Failed;
            order.action = None;
            order.decline = Some(decline);
        }
        OrderEvent::Confirmed {} => order.confirmed_at = Some(at),
        OrderEvent::CaptureRequested { amount, .. } => {
            order.capture_requested = true;
            order.capture_amount = amount;
        }
        OrderEvent::PaymentCaptured { amount, .. } => {
            order.payment = PaymentStatus::Captured;
            order.take(1, amount);
        }
        OrderEvent::PaymentVoided {} => order.payment = PaymentStatus::Voided,
        OrderEvent::PaymentRefunded { amount } => {
            order.payment = PaymentStatus::Refunded;
            order.give_back_own(amount);
        }
        OrderEvent::CancelRequested { cause, reason, .. } => {
            let reason = reason.map(String::from);
            order.action = None;
            order.cancellation = Some(Cancellation { cause, reason, done_at: None });
        }
        OrderEvent::DisputeOpened { reference, payment, amount, fee, .. } => {
            let status = DisputeStatus::NeedsResponse;
            order.disputes.push((payment, ProviderDispute { reference, amount, fee, status }));
        }
        OrderEvent::DisputeClosed { reference, outcome, .. } => {
            for (_, dispute) in order.disputes.iter_mut().filter(|(_, it)| it.reference == reference) {
                dispute.status = outcome;
            }
        }
        OrderEvent::Canceled { .. } => {
            if let Some(cancellation) = &mut order.cancellation {
                cancellation.done_at = Some(at);
            }
        }
        OrderEvent::FulfillmentCreated { fulfillment, lines, tracking, .. } => {
            order.fulfillments.push(Fulfillment {
                id: fulfillment,
                lines,
                tracking,
                created_at: at,
                stock_shipped: false,
            });
        }
        OrderEvent::StockShipped { fulfillment } => {
            for parcel in order.fulfillments.iter_mut().filter(|parcel| parcel.id == fulfillment) {
                parcel.stock_shipped = true;
            }
        }
        event => after::apply(order, event, at),
    }
}
