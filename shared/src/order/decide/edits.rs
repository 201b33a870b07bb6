//! What may be changed.

use super::{
    super::{
        edit::{Edit, EditCharge, EditFailure, EditRequest, EditStatus, Version, demand_of, exceeds},
        event::{Actor, OrderEvent},
        model::{Order, PaymentStatus},
        refund::RefundCause,
    },
    Decision, Refusal,
    money::refund_overpaid,
};
use crate::{contact::Line, id::EditId, money::Money, payment::RefundStatus, pricing::Pricing};

/// An edit that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEdit {
    /// Its id.
    pub id: EditId,
    /// The order as it is to be.
    pub version: Version,
    /// How that was priced.
    pub pricing: Option<Pricing>,
    /// How many events had happened to the order that it was priced for.
    pub sequence: u32,
    /// In the words of who asks for it.
    pub reason: Option<Line>,
    /// Who.
    pub by: Actor,
}

pub(super) fn request(order: &Order, new: NewEdit) -> Decision {
    if order.edits.iter().any(|edit| edit.id() == new.id) {
        return Ok(vec![]);
    }
    if order.cancellation.is_some() {
        return order.refuse("it is being canceled");
    }
    if order.confirmed_at.is_none() {
        return order.refuse("it is not confirmed yet");
    }
    if !order.fulfillments.is_empty() {
        return order.refuse("some of it was sent already");
    }
    if order.pending_edit().is_some() {
        return order.refuse("another edit is under way");
    }
    let refunds = order.refunds.iter().filter(|refund| refund.status != RefundStatus::Failed);
    if refunds.into_iter().any(|refund| !matches!(refund.request.cause, RefundCause::Edited { .. })) {
        return order.refuse("some of its money was given back already");
    }
    if order.own_charge().is_some() && order.kept()? != order.total() {
        return order.refuse("what was taken for it is not what it comes to");
    }
    if order.sequence != new.sequence {
        return order.refuse("it has changed since it was priced");
    }
    if new.version.lines.is_empty() {
        return Err(Refusal::NoLines);
    }
    let (before, after) = (demand_of(&order.lines), demand_of(&new.version.lines));
    if before == after {
        return Err(Refusal::NoChange);
    }
    let charge = new.version.totals.total.minus(order.secured()?)?.or_zero();
    let payment = 2 + u32::try_from(order.edits.len()).unwrap_or(u32::MAX);
    let request = EditRequest {
        edit: new.id,
        lines: new.version.lines,
        totals: new.version.totals,
        pricing: new.pricing,
        charge,
        payment,
        reason: new.reason,
        by: new.by,
    };
    let waits = !charge.is_zero() || exceeds(&after, &before);
    let mut events = vec![OrderEvent::EditRequested(Box::new(request.clone()))];
    if !waits {
        events.extend(apply(order, &request, None)?);
    }
    Ok(events)
}

/// What makes the order as `request` says, and gives back what it was paid too much then.
fn apply(order: &Order, request: &EditRequest, charged: Option<EditCharge>) -> Decision {
    let mut after = order.clone();
    after.totals.clone_from(&request.totals);
    if let Some(charged) = &charged {
        after.take(charged.number, charged.amount);
    }
    let refund = match order.own_charge() {
        Some(_) => refund_overpaid(&after, request.edit, request.by)?,
        None => None,
    };
    let edited = OrderEvent::Edited { edit: request.edit, charged };
    Ok([edited].into_iter().chain(refund).collect())
}

fn find(order: &Order, id: EditId) -> Result<&Edit, Refusal> {
    let found = order.edits.iter().find(|edit| edit.id() == id);
    found.map_or_else(|| order.refuse("it has no such edit"), Ok)
}

/// The stock is held and the money taken: the edit is done.
pub(super) fn record_edited(order: &Order, id: EditId, charged: Option<EditCharge>) -> Decision {
    let edit = find(order, id)?;
    match edit.status {
        EditStatus::Pending if order.cancellation.is_some() => order.refuse("it is being canceled"),
        EditStatus::Pending => apply(order, &edit.request, charged),
        EditStatus::Applied => Ok(vec![]),
        EditStatus::Failed(_) => order.refuse("the edit was given up"),
    }
}

pub(super) fn record_failed(order: &Order, id: EditId, failure: EditFailure) -> Decision {
    Ok(match find(order, id)?.status {
        EditStatus::Pending => vec![OrderEvent::EditFailed { edit: id, failure }],
        EditStatus::Applied | EditStatus::Failed(_) => vec![],
    })
}

pub(super) fn record_adjusted(order: &Order) -> Decision {
    Ok(if order.holds_more { vec![OrderEvent::StockAdjusted {}] } else { vec![] })
}

impl Order {
    /// What the store is sure of: what was taken, or is held, or was paid without the provider.
    fn secured(&self) -> Result<Money, Refusal> {
        let held = if self.payment == PaymentStatus::Authorized { self.held } else { self.nothing() };
        Ok(self.kept()?.plus(held)?)
    }
}
