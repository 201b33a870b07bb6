//! What an order is after what happens to it once it was paid: refunds, returns, edits.

use jiff::Timestamp;

use super::{
    edit::{Edit, EditStatus, exceeds, places},
    event::OrderEvent,
    funds::Charged,
    model::{Order, PaymentStatus},
    refund::Refund,
    returns::{Return, ReturnStatus},
};
use crate::{
    id::{RefundId, ReturnId},
    money::Money,
    payment::RefundStatus,
    pricing::PricedLine,
};

/// What happens to an order that was paid: refunds, returns, edits.
pub(super) fn apply(order: &mut Order, event: OrderEvent, at: Timestamp) {
    match event {
        OrderEvent::RefundRequested(request) => {
            order.refunds.push(Refund::new(*request, at));
            order.count_money();
        }
        OrderEvent::RefundShareReturned { refund, shares } => order.change_refund(refund, |refund| {
            refund.returned = usize::try_from(shares).unwrap_or(usize::MAX);
        }),
        OrderEvent::RefundSucceeded { refund } => order.change_refund(refund, |refund| {
            refund.status = RefundStatus::Succeeded;
            refund.settled_at = Some(at);
        }),
        OrderEvent::RefundFailed { refund, failure } => order.change_refund(refund, |refund| {
            refund.status = RefundStatus::Failed;
            refund.failure = Some(failure);
            refund.settled_at = Some(at);
        }),
        OrderEvent::ReturnRequested { id, lines, asked, note, .. } => {
            order.returns.push(Return::new(id, lines, asked, note, at));
        }
        OrderEvent::ReturnApproved { id, .. } => {
            order.change_return(id, |one| one.status = ReturnStatus::Approved);
        }
        OrderEvent::ReturnReceived { id, lines, refund, .. } => order.change_return(id, |one| {
            one.status = ReturnStatus::Received;
            one.received = lines;
            one.refund = refund;
            one.settled_at = Some(at);
        }),
        OrderEvent::ReturnRejected { id, reason, .. } => order.change_return(id, |one| {
            one.status = ReturnStatus::Rejected;
            one.rejection = reason;
            one.settled_at = Some(at);
        }),
        OrderEvent::StockReturned { id } => order.change_return(id, |one| one.restocked = true),
        OrderEvent::EditRequested(request) => {
            let before = order.version();
            if let Some(exchange) = &request.exchange {
                order.change_return(exchange.id, |one| one.exchange = Some(request.edit));
            }
            order.edits.push(Edit::new(*request, before, at));
        }
        OrderEvent::EditActionRequired { edit, client_action } => {
            let edit = order.edits.iter_mut().find(|one| one.id() == edit);
            edit.into_iter().for_each(|edit| edit.action = Some(client_action.clone()));
        }
        OrderEvent::EditAbandoned { edit, failure } => {
            let Some(edit) = order.edits.iter_mut().find(|one| one.id() == edit) else { return };
            (edit.status, edit.action) = (EditStatus::Abandoned(failure), None);
        }
        OrderEvent::Edited { edit, charged } => {
            if let Some(charged) = &charged {
                order.take(charged.number, charged.amount);
            }
            let held = order.to_hold();
            let Some(edit) = order.edits.iter_mut().find(|one| one.id() == edit) else { return };
            (edit.status, edit.charged, edit.settled_at) = (EditStatus::Applied, charged, Some(at));
            edit.action = None;
            let request = edit.request.clone();
            order.move_refunded(&request.lines);
            order.lines = request.lines;
            order.totals = request.totals;
            order.pricing = request.pricing;
            for (sku, count) in request.exchange.iter().flat_map(|exchange| &exchange.again) {
                *order.sent_again.entry(sku.clone()).or_default() += u64::from(*count);
            }
            order.holds_more |= exceeds(&held, &order.to_hold());
        }
        OrderEvent::EditFailed { edit, failure } => {
            let held = order.to_hold();
            let Some(edit) = order.edits.iter_mut().find(|one| one.id() == edit) else { return };
            (edit.status, edit.settled_at) = (EditStatus::Failed(failure), Some(at));
            edit.action = None;
            let (exchange, edit) = (edit.request.exchange.clone(), edit.clone());
            if let Some(exchange) = exchange {
                order.change_return(exchange.id, |one| one.exchange = None);
            }
            order.holds_more |= exceeds(&order.demand_of_edit(&edit), &held);
        }
        OrderEvent::StockAdjusted {} => order.holds_more = false,
        // Seen to before.
        _ => {}
    }
}

impl Order {
    /// What was taken by a payment.
    pub(super) fn take(&mut self, number: u32, captured: Money) {
        let returned = Money::zero(captured.currency());
        self.charges.push(Charged { number, captured, returned, late: false });
        self.count_money();
    }

    /// The order's own payment was given back whole by its cancellation.
    pub(super) fn give_back_own(&mut self, amount: Money) {
        match self.charges.iter_mut().find(|charge| charge.number == 1) {
            Some(charge) => charge.returned = amount,
            None => {
                let late = Charged { number: 1, captured: amount, returned: amount, late: true };
                self.charges.push(late);
            }
        }
        self.count_money();
    }

    /// The refunds tell the places of lines that stand elsewhere among `lines`, once that is what is bought.
    fn move_refunded(&mut self, lines: &[PricedLine]) {
        let places = places(&self.lines, lines);
        let parts = self.refunds.iter_mut().flat_map(|refund| &mut refund.request.parts.lines);
        for part in parts {
            let old = usize::try_from(part.line).unwrap_or(usize::MAX);
            if let Some(new) = places.get(old).copied().flatten() {
                part.line = u32::try_from(new).unwrap_or(u32::MAX);
            }
        }
    }

    fn change_refund(&mut self, id: RefundId, change: impl FnOnce(&mut Refund)) {
        if let Some(refund) = self.refunds.iter_mut().find(|refund| refund.id() == id) {
            change(refund);
        }
        self.count_money();
    }

    fn change_return(&mut self, id: ReturnId, change: impl FnOnce(&mut Return)) {
        if let Some(one) = self.returns.iter_mut().find(|one| one.id == id) {
            change(one);
        }
    }

    /// Brings up to date what follows from what was taken and what went back.
    fn count_money(&mut self) {
        self.captured = self.captured_by_provider().unwrap_or(self.captured);
        self.refunded = self.refunded_by_provider().unwrap_or(self.refunded);
        let taken = [PaymentStatus::Captured, PaymentStatus::PartiallyRefunded, PaymentStatus::Refunded];
        if taken.contains(&self.payment) {
            self.payment = self.status_of_taken().unwrap_or(self.payment);
        }
    }
}
