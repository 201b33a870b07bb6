//! What the saga does next for an order: read off from what has happened, so that a crash anywhere resumes where it
//! stopped.

use super::model::{Order, PaymentStatus, StockState};
use crate::{
    id::{FulfillmentId, ReturnId},
    payment::CaptureMethod,
};

/// The next step of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Reserve its stock, and assess its risk.
    Reserve,
    /// A person must decide.
    AwaitReview,
    /// Have the provider hold the money.
    Authorize,
    /// Have the provider take it.
    Capture,
    /// Take a parcel's content off the shelves.
    Ship(FulfillmentId),
    /// Put what came back on the shelves.
    Restock(ReturnId),
    /// See to the stock and the payment of an edit.
    Edit,
    /// Let go of what an edit was to take, as the order is being canceled.
    AbandonEdit,
    /// Let go of stock that the order needs no more since an edit.
    AdjustStock,
    /// Send back what refunds are under way.
    Refund,
    /// Have all that is left of the money refunded, as the order is being canceled.
    RefundRest,
    /// That failed: a person must find another way.
    AwaitRefund,
    /// Have the provider let go of the money, or give it back where it has taken it.
    ReturnMoney,
    /// Let go of the stock and of what was paid without the provider, and be done with the cancellation.
    Release,
    /// Nothing, until somebody asks for something.
    Done,
}

/// What comes next.
pub fn next_step(order: &Order) -> Step {
    if order.cancellation.is_some() {
        return next_of_cancellation(order);
    }
    let unshipped = order.fulfillments.iter().find(|parcel| !parcel.stock_shipped);
    let restock = order.returns.iter().find(|one| one.waits_for_shelves());
    let captures = order.placed.capture_method == CaptureMethod::Automatic || order.capture_requested;
    match (order.stock, order.payment) {
        (StockState::None, _) => Step::Reserve,
        _ if order.awaits_review() => Step::AwaitReview,
        (_, PaymentStatus::None) => Step::Authorize,
        // An edit may wait for its shopper: what came back does not.
        _ if restock.is_some() => restock.map_or(Step::Done, |one| Step::Restock(one.id)),
        _ if order.pending_edit().is_some() => Step::Edit,
        _ if order.holds_more => Step::AdjustStock,
        (_, PaymentStatus::Authorized) if captures => Step::Capture,
        _ => match unshipped {
            Some(parcel) => Step::Ship(parcel.id),
            // Last: a provider may take days over one.
            None if order.has_pending_refund() => Step::Refund,
            None => Step::Done,
        },
    }
}

/// First all money goes back, then what was paid otherwise and the stock.
fn next_of_cancellation(order: &Order) -> Step {
    if order.is_canceled() {
        // One that failed after all, for which staff found another way.
        if order.has_pending_refund() { Step::Refund } else { Step::Done }
    } else if order.pending_edit().is_some() {
        Step::AbandonEdit
    } else if order.may_be_held() {
        Step::ReturnMoney
    } else if order.has_pending_refund() {
        Step::Refund
    } else if !order.may_hold_money() {
        Step::Release
    } else if order.rest_was_refused() {
        Step::AwaitRefund
    } else {
        Step::RefundRest
    }
}
