//! What the saga does next for an order: read off from what has happened, so that a crash anywhere resumes where it
//! stopped.

use super::model::{Order, PaymentStatus, StockState};
use crate::{id::FulfillmentId, payment::CaptureMethod};

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
    /// Have the provider let go of the money, or give it back.
    ReturnMoney,
    /// Let go of the stock, and be done with the cancellation.
    Release,
    /// Nothing, until somebody asks for something.
    Done,
}

/// What comes next.
pub fn next_step(order: &Order) -> Step {
    if order.cancellation.is_some() {
        return if order.is_canceled() {
            Step::Done
        } else if order.may_hold_money() {
            Step::ReturnMoney
        } else {
            Step::Release
        };
    }
    let unshipped = order.fulfillments.iter().find(|parcel| !parcel.stock_shipped);
    let captures = order.placed.capture_method == CaptureMethod::Automatic || order.capture_requested;
    match (order.stock, order.payment) {
        (StockState::None, _) => Step::Reserve,
        _ if order.awaits_review() => Step::AwaitReview,
        (_, PaymentStatus::None) => Step::Authorize,
        (_, PaymentStatus::Authorized) if captures => Step::Capture,
        _ => unshipped.map_or(Step::Done, |parcel| Step::Ship(parcel.id)),
    }
}
