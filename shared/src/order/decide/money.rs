//! What may be taken and given back.

use super::{
    super::{
        event::{Actor, OrderEvent},
        model::{Order, PaymentStatus},
        refund::{Refund, RefundCause, RefundFailure, RefundParts, RefundRequest, RefundTo},
    },
    Decision, Refusal,
};
use crate::{
    catalog::Sku,
    contact::Line,
    id::{EditId, RefundId},
    money::Money,
    payment::RefundStatus,
    quantity::Quantity,
};

/// How much of the shipping is to go back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShippingWish {
    /// Nothing.
    #[default]
    None,
    /// All that is left of it.
    All,
    /// This much, with its tax.
    Amount(Money),
}

/// What is to go back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundWish {
    /// All that is left.
    All,
    /// An amount for nothing in particular.
    Amount(Money),
    /// Lines and shipping.
    Parts {
        /// How many of which SKU.
        lines: Vec<(Sku, Quantity)>,
        /// How much of the shipping.
        shipping: ShippingWish,
    },
}

/// A refund that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRefund {
    /// Its id.
    pub id: RefundId,
    /// What is to go back.
    pub wish: RefundWish,
    /// Where to.
    pub to: RefundTo,
    /// In the words of who asks for it.
    pub reason: Option<Line>,
    /// Who.
    pub by: Actor,
}

/// Staff want `amount` taken, or all that is due.
pub(super) fn request_capture(order: &Order, amount: Option<Money>, by: Actor) -> Decision {
    if order.own_charge().is_some() {
        return match amount {
            Some(amount) if order.own_charge() != Some(amount) => order.refuse("its money was taken already"),
            _ => Ok(vec![]),
        };
    }
    if order.payment != PaymentStatus::Authorized || order.cancellation.is_some() {
        return order.refuse("there is no money held that could be taken");
    }
    if order.capture_requested {
        return if order.capture_amount == amount {
            Ok(vec![])
        } else {
            order.refuse("its money is being taken already")
        };
    }
    let left = order.capturable()?;
    match amount {
        Some(amount) if amount.currency() != left.currency() || amount.amount() > left.amount() => {
            Err(Refusal::TooMuch { left })
        }
        _ => Ok(vec![OrderEvent::CaptureRequested { amount, by }]),
    }
}

/// The order's own payment was taken. Where the order got cheaper than what is paid for it, the rest goes back.
pub(super) fn record_captured(order: &Order, amount: Money, fee: Option<Money>) -> Decision {
    if order.own_charge().is_some() {
        return Ok(vec![]);
    }
    if order.payment != PaymentStatus::Authorized {
        return order.refuse("no money is held");
    }
    let mut events = vec![OrderEvent::PaymentCaptured { amount, fee, provider: order.provider }];
    let mut after = order.clone();
    after.take(1, amount);
    if let Some(edit) = order.edits.iter().rev().find(|edit| edit.settled_at.is_some()) {
        events.extend(refund_overpaid(&after, edit.id(), edit.request.by)?);
    }
    Ok(events)
}

/// The refund of what an order was paid beyond what it comes to since `edit`.
pub(super) fn refund_overpaid(order: &Order, edit: EditId, by: Actor) -> Result<Option<OrderEvent>, Refusal> {
    let amount = order.overpaid()?;
    if amount.is_zero() {
        return Ok(None);
    }
    let (id, parts) = (of_itself(order, "edit"), RefundParts::adjustment(amount));
    let (to, cause) = (RefundTo::Original, RefundCause::Edited { edit });
    Ok(Some(request(order, id, amount, parts, to, cause, None, by)?))
}

/// Somebody wants money to go back.
pub(super) fn request_refund(order: &Order, new: NewRefund, cause: RefundCause) -> Decision {
    if order.refunds.iter().any(|refund| refund.id() == new.id) {
        return Ok(vec![]);
    }
    let canceling = order.cancellation.is_some() && !order.is_canceled();
    if canceling && (order.has_pending_refund() || !order.rest_was_refused()) {
        return order.refuse("it is being canceled, and what is left of its money goes back anyway");
    }
    if order.own_charge().is_none() {
        return order.refuse("no money was taken that could be given back");
    }
    if order.pending_edit().is_some() {
        return order.refuse("it is being edited");
    }
    let left = order.kept()?;
    let parts = match new.wish {
        RefundWish::All => order.cost_of_all(left)?,
        RefundWish::Amount(amount) if amount == left => order.cost_of_all(left)?,
        RefundWish::Amount(amount) if amount.currency() != left.currency() => {
            return Err(Refusal::TooMuch { left });
        }
        RefundWish::Amount(amount) => RefundParts::adjustment(amount),
        RefundWish::Parts { lines, shipping } => parts(order, lines, shipping)?,
    };
    let amount = parts.total(left.currency())?;
    if amount.amount() <= 0 {
        return Err(Refusal::Nothing);
    }
    if amount.amount() > left.amount() {
        return Err(Refusal::TooMuch { left });
    }
    Ok(vec![request(order, new.id, amount, parts, new.to, cause, new.reason, new.by)?])
}

/// All that is left of a canceled order's money goes back.
pub(super) fn refund_rest(order: &Order) -> Decision {
    let open = order.cancellation.as_ref().is_some_and(|cancellation| cancellation.done_at.is_none());
    if !open || order.has_pending_refund() || order.rest_was_refused() || !order.was_captured() {
        return Ok(vec![]);
    }
    let amount = order.kept()?;
    if amount.is_zero() {
        return Ok(vec![]);
    }
    let (id, parts) = (of_itself(order, "rest"), order.cost_of_all(amount)?);
    let (to, cause) = (RefundTo::Original, RefundCause::Canceled);
    Ok(vec![request(order, id, amount, parts, to, cause, None, Actor::System)?])
}

#[expect(clippy::too_many_arguments, reason = "what a refund is, said once")]
fn request(
    order: &Order,
    refund: RefundId,
    amount: Money,
    parts: RefundParts,
    to: RefundTo,
    cause: RefundCause,
    reason: Option<Line>,
    by: Actor,
) -> Result<OrderEvent, Refusal> {
    let shares = order.shares(to, amount)?;
    let request = RefundRequest { refund, amount, parts, to, shares, cause, reason, by };
    Ok(OrderEvent::RefundRequested(Box::new(request)))
}

/// The id of a refund that nobody asked for: follows from the order and what happened to it so far.
fn of_itself(order: &Order, why: &str) -> RefundId {
    let count = u64::try_from(order.refunds.len()).unwrap_or(u64::MAX);
    RefundId::derived(
        order.id.time(),
        &[&order.id.bits().to_be_bytes(), why.as_bytes(), &count.to_be_bytes()],
    )
}

/// What lines and shipping cost.
fn parts(order: &Order, lines: Vec<(Sku, Quantity)>, shipping: ShippingWish) -> Result<RefundParts, Refusal> {
    let mut wanted: std::collections::BTreeMap<Sku, u32> = std::collections::BTreeMap::new();
    for (sku, quantity) in lines {
        let count = wanted.entry(sku).or_default();
        *count = count.saturating_add(quantity.get());
    }
    let mut parts = RefundParts::default();
    for (sku, count) in wanted {
        match order.cost_of(&sku, count)? {
            Ok(lines) => parts.lines.extend(lines),
            Err(left) => return Err(Refusal::NotRefundable { sku, left: u64::from(left) }),
        }
    }
    let left = order.shipping_left()?;
    let shipping = match shipping {
        ShippingWish::None => Money::zero(left.currency()),
        ShippingWish::All => left,
        ShippingWish::Amount(amount)
            if amount.currency() != left.currency() || !(1..=left.amount()).contains(&amount.amount()) =>
        {
            return Err(Refusal::TooMuchShipping { left });
        }
        ShippingWish::Amount(amount) => amount,
    };
    parts.shipping = order.cost_of_shipping(shipping)?;
    Ok(parts)
}

fn find(order: &Order, id: RefundId) -> Result<&Refund, Refusal> {
    let found = order.refunds.iter().find(|refund| refund.id() == id);
    found.map_or_else(|| order.refuse("it has no such refund"), Ok)
}

/// The first `shares` shares of a refund have gone back.
pub(super) fn record_returned(order: &Order, id: RefundId, shares: usize) -> Decision {
    let refund = find(order, id)?;
    Ok(match refund.status {
        RefundStatus::Pending if shares >= refund.request.shares.len() => {
            vec![OrderEvent::RefundSucceeded { refund: id }]
        }
        RefundStatus::Pending if shares > refund.returned => {
            let shares = u32::try_from(shares).unwrap_or(u32::MAX);
            vec![OrderEvent::RefundShareReturned { refund: id, shares }]
        }
        RefundStatus::Pending | RefundStatus::Succeeded | RefundStatus::Failed => vec![],
    })
}

/// What of a refund has not gone back yet will not.
pub(super) fn record_failed(order: &Order, id: RefundId, failure: RefundFailure) -> Decision {
    let refund = find(order, id)?;
    // What has succeeded may yet come back from the bank; of several shares it could not be said which one did.
    let last = refund.request.shares.len() == refund.returned + 1;
    Ok(match refund.status {
        RefundStatus::Succeeded if last => vec![OrderEvent::RefundFailed { refund: id, failure }],
        RefundStatus::Pending => vec![OrderEvent::RefundFailed { refund: id, failure }],
        RefundStatus::Succeeded | RefundStatus::Failed => vec![],
    })
}
