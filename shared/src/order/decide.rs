//! What may happen to an order: every rule in one place, pure.

mod command;
mod edits;
mod goods;
mod money;

use std::collections::BTreeMap;

pub use command::Command;
pub use edits::{NewEdit, NewExchange};
pub use goods::{NewReturn, Receipt};
pub use money::{NewRefund, RefundWish, ShippingWish};

use super::{
    event::{Actor, CancelCause, OrderEvent, ShippedLine},
    model::{Order, OrderStatus, PaymentStatus, StockState},
    refund::RefundCause,
};
use crate::{
    catalog::Sku,
    money::{Money, MoneyError},
    payment::{DisputeStatus, ProviderDispute},
    risk::{Assessment, RiskOutcome},
};

/// Why a command is refused, in the words of the business.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The order is not in a state that allows this.
    #[error("The order is {status}: {reason}.", status = status.as_str())]
    State {
        /// Where it stands.
        status: OrderStatus,
        /// Why that is in the way.
        reason: &'static str,
    },
    /// A parcel would hold what the order does not have, or not any more.
    #[error("{left} of {sku} are left to send")]
    TooMany {
        /// Of what.
        sku: Sku,
        /// How many are left.
        left: u64,
    },
    /// A parcel would be empty.
    #[error("A fulfillment needs at least one line")]
    Empty,
    /// Nothing is named.
    #[error("At least one line is needed")]
    NoLines,
    /// More money than there is.
    #[error("At most {left} is left")]
    TooMuch {
        /// How much is left.
        left: Money,
    },
    /// More of the shipping than there is.
    #[error("At most {left} of the shipping is left, and at least the smallest unit is needed")]
    TooMuchShipping {
        /// How much is left.
        left: Money,
    },
    /// A refund would give nothing.
    #[error("There is nothing to give back")]
    Nothing,
    /// More of a line would be refunded than is left of it.
    #[error("{left} of {sku} are left to refund")]
    NotRefundable {
        /// Of what.
        sku: Sku,
        /// How many are left.
        left: u64,
    },
    /// More would come back than was sent, or than is awaited.
    #[error("{left} of {sku} can come back")]
    NotReturnable {
        /// Of what.
        sku: Sku,
        /// How many can.
        left: u64,
    },
    /// What money went back for stays in the order as it is.
    #[error("Some of {sku} was refunded: its line stays as it is")]
    WasRefunded {
        /// Of what.
        sku: Sku,
    },
    /// There is no such return.
    #[error("There is no such return")]
    NoSuchReturn,
    /// An edit would change nothing.
    #[error("The order has these lines already")]
    NoChange,
    /// The amounts can't be reckoned with.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// What happens, or why not.
type Decision = Result<Vec<OrderEvent>, Refusal>;

impl Order {
    fn refuse<T>(&self, reason: &'static str) -> Result<T, Refusal> {
        Err(Refusal::State { status: self.status(), reason })
    }
}

/// What happens when `command` meets `order`. Nothing, where it has happened already.
///
/// # Errors
/// [`Refusal`] where a rule forbids it.
pub fn decide(order: &Order, command: Command) -> Result<Vec<OrderEvent>, Refusal> {
    let refuse = |reason| Err(Refusal::State { status: order.status(), reason });
    match command {
        Command::RecordReserved { allocations, risk } => match order.stock {
            StockState::None if order.cancellation.is_none() => {
                let Assessment { outcome, score, reasons } = risk;
                let mut events = vec![
                    OrderEvent::StockReserved { allocations },
                    OrderEvent::RiskAssessed { outcome, score, reasons },
                ];
                if outcome == RiskOutcome::Deny {
                    events.push(canceling(CancelCause::RiskDenied));
                }
                Ok(events)
            }
            StockState::Reserved => Ok(vec![]),
            _ => refuse("its stock is settled already"),
        },
        Command::RecordStockRefused(sku) => match order.stock {
            StockState::None if order.cancellation.is_none() => {
                Ok(vec![OrderEvent::StockRefused { sku }, canceling(CancelCause::OutOfStock)])
            }
            StockState::Refused => Ok(vec![]),
            _ => refuse("its stock is settled already"),
        },
        Command::Approve(by, reason) => match order.review {
            None if order.awaits_review() => Ok(vec![OrderEvent::ReviewApproved { by, reason }]),
            Some(true) => Ok(vec![]),
            _ => refuse("it does not wait for a decision"),
        },
        Command::Reject(by, reason) => match order.review {
            None if order.awaits_review() => Ok(vec![
                OrderEvent::ReviewRejected { by },
                OrderEvent::CancelRequested { cause: CancelCause::ReviewRejected, reason, by },
            ]),
            Some(false) => Ok(vec![]),
            _ => refuse("it does not wait for a decision"),
        },
        Command::RecordActionRequired(client_action) => match order.payment {
            PaymentStatus::None if order.action.is_some() => Ok(vec![]),
            PaymentStatus::None if order.cancellation.is_none() && order.may_be_held() => {
                Ok(vec![OrderEvent::PaymentActionRequired { client_action }])
            }
            _ => refuse("its payment is settled already"),
        },
        Command::Reroute(to) => match order.payment {
            PaymentStatus::None if order.cancellation.is_none() && order.may_hold_money() => {
                let from = order.provider;
                Ok(if from == to { vec![] } else { vec![OrderEvent::PaymentRerouted { from, to }] })
            }
            _ => refuse("its payment is settled already"),
        },
        Command::RecordAuthorized { amount, reference, provider } => match order.payment {
            PaymentStatus::None if order.cancellation.is_none() && order.may_be_held() => Ok(vec![
                OrderEvent::PaymentAuthorized { amount, reference, provider },
                OrderEvent::Confirmed {},
            ]),
            PaymentStatus::Authorized | PaymentStatus::Captured | PaymentStatus::PartiallyRefunded => {
                Ok(vec![])
            }
            PaymentStatus::None if order.cancellation.is_none() => refuse("it is not to be paid yet"),
            _ => refuse("its payment is settled already"),
        },
        Command::RecordPaid { amount, captured, fee, reference, provider } => match order.payment {
            PaymentStatus::None => {
                let mut events = decide(order, Command::RecordAuthorized { amount, reference, provider })?;
                events.push(OrderEvent::PaymentCaptured { amount: captured, fee, provider });
                Ok(events)
            }
            _ => money::record_captured(order, captured, fee),
        },
        Command::RecordDeclined(decline) => match order.payment {
            PaymentStatus::None if order.cancellation.is_none() && order.may_be_held() => {
                Ok(vec![OrderEvent::PaymentDeclined { decline }, canceling(CancelCause::PaymentDeclined)])
            }
            PaymentStatus::Failed => Ok(vec![]),
            PaymentStatus::None if order.cancellation.is_none() => refuse("it is not to be paid yet"),
            _ => refuse("its payment is settled already"),
        },
        Command::RequestCapture { amount, by } => money::request_capture(order, amount, by),
        Command::RecordCaptured { amount, fee } => money::record_captured(order, amount, fee),
        Command::RecordVoided => match order.payment {
            PaymentStatus::Authorized | PaymentStatus::None if order.cancellation.is_some() => {
                Ok(vec![OrderEvent::PaymentVoided {}])
            }
            PaymentStatus::Voided => Ok(vec![]),
            _ => refuse("no money is held"),
        },
        // A late success of an order that was canceled is refunded too: then nothing was known to be captured.
        Command::RecordRefunded(amount) => match order.payment {
            PaymentStatus::Refunded => Ok(vec![]),
            // Then what is left of it goes back as a refund of its own.
            _ if order.own_charge().is_some() => refuse("it is known what was taken of its money"),
            _ if order.cancellation.is_some() => Ok(vec![OrderEvent::PaymentRefunded { amount }]),
            _ => refuse("it is not to be canceled"),
        },
        Command::RecordDisputes { payment, disputes } => {
            Ok(disputes.into_iter().flat_map(|dispute| disputed(order, payment, dispute)).collect())
        }
        Command::RequestRefund(new) => money::request_refund(order, *new, RefundCause::Requested),
        Command::RefundRest => money::refund_rest(order),
        Command::RecordRefundReturned(id, shares) => money::record_returned(order, id, shares),
        Command::RecordRefundFailed(id, failure) => money::record_failed(order, id, failure),
        Command::RequestCancel { cause, reason, by } => {
            if order.cancellation.is_some() {
                return Ok(vec![]);
            }
            if !order.fulfillments.is_empty() {
                return refuse("some of it was sent already");
            }
            Ok(vec![OrderEvent::CancelRequested { cause, reason, by }])
        }
        Command::RecordReleased => match &order.cancellation {
            Some(cancellation) if cancellation.done_at.is_none() => {
                if order.may_hold_money() {
                    return refuse("its money was not returned yet");
                }
                Ok(vec![OrderEvent::StockReleased {}, OrderEvent::Canceled { cause: cancellation.cause }])
            }
            Some(_) => Ok(vec![]),
            None => refuse("it is not to be canceled"),
        },
        Command::Fulfill { fulfillment, lines, tracking, by } => {
            if order.fulfillments.iter().any(|parcel| parcel.id == fulfillment) {
                return Ok(vec![]);
            }
            if order.cancellation.is_some() {
                return refuse("it is being canceled");
            }
            if order.confirmed_at.is_none() {
                return refuse("it is not confirmed yet");
            }
            if order.pending_edit().is_some() {
                return refuse("it is being edited");
            }
            let lines = parcel(&order.unshipped(), lines)?;
            Ok(vec![OrderEvent::FulfillmentCreated { fulfillment, lines, tracking, by }])
        }
        Command::RecordShipped(fulfillment) => {
            match order.fulfillments.iter().find(|parcel| parcel.id == fulfillment) {
                Some(parcel) if !parcel.stock_shipped => Ok(vec![OrderEvent::StockShipped { fulfillment }]),
                Some(_) => Ok(vec![]),
                None => refuse("it has no such fulfillment"),
            }
        }
        Command::RequestReturn(new) => goods::request_return(order, *new),
        Command::ApproveReturn(id, by) => goods::approve(order, id, by),
        Command::ReceiveReturn(receipt) => goods::receive(order, *receipt),
        Command::RejectReturn { id, reason, by } => goods::reject(order, id, reason, by),
        Command::RecordRestocked(id) => goods::record_restocked(order, id),
        Command::RequestEdit(new) => edits::request(order, *new),
        Command::RecordEditActionRequired(id, client_action) => {
            edits::record_action(order, id, client_action)
        }
        Command::AbandonEdit(id, failure) => edits::abandon(order, id, failure),
        Command::RecordEdited(id, charged) => edits::record_edited(order, id, charged),
        Command::RecordEditFailed(id, failure) => edits::record_failed(order, id, failure),
        Command::RecordStockAdjusted => edits::record_adjusted(order),
    }
}

fn canceling(cause: CancelCause) -> OrderEvent {
    OrderEvent::CancelRequested { cause, reason: None, by: Actor::System }
}

/// What is new about a dispute. Each opens once and closes once, whatever the provider says of it afterwards.
fn disputed(order: &Order, payment: u32, dispute: ProviderDispute) -> Vec<OrderEvent> {
    let provider = order.provider;
    let ProviderDispute { reference, amount, fee, status } = dispute;
    let is_over = |status| matches!(status, DisputeStatus::Won | DisputeStatus::Lost);
    let known = order.disputes.iter().find(|(_, known)| known.reference == reference);
    let mut events = Vec::new();
    if known.is_none() {
        let reference = reference.clone();
        events.push(OrderEvent::DisputeOpened { reference, payment, amount, fee, provider });
    }
    if is_over(status) && !known.is_some_and(|(_, known)| is_over(known.status)) {
        events.push(OrderEvent::DisputeClosed { reference, payment, amount, outcome: status, provider });
    }
    events
}

/// What goes into a parcel: `wanted`, or all that is left, one line for each SKU.
fn parcel(left: &BTreeMap<Sku, u64>, wanted: Option<Vec<ShippedLine>>) -> Result<Vec<ShippedLine>, Refusal> {
    let mut by_sku: BTreeMap<Sku, u64> = BTreeMap::new();
    match wanted {
        None => by_sku.clone_from(left),
        Some(lines) => {
            for line in lines {
                *by_sku.entry(line.sku).or_default() += u64::from(line.quantity.get());
            }
        }
    }
    if by_sku.is_empty() {
        return Err(Refusal::Empty);
    }
    by_sku
        .into_iter()
        .map(|(sku, count)| {
            let left = left.get(&sku).copied().unwrap_or(0);
            let quantity = i64::try_from(count).ok().and_then(|count| count.try_into().ok());
            match quantity {
                Some(quantity) if count <= left => Ok(ShippedLine { sku, quantity }),
                _ => Err(Refusal::TooMany { sku, left }),
            }
        })
        .collect()
}
