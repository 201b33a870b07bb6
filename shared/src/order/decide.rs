//! What may happen to an order: every rule in one place, pure.

use std::collections::BTreeMap;

use super::{
    event::{Actor, CancelCause, OrderEvent, ShippedLine, Tracking},
    model::{Order, OrderStatus, PaymentStatus, StockState},
};
use crate::{
    catalog::Sku,
    contact::Line,
    id::FulfillmentId,
    inventory::Allocation,
    money::Money,
    payment::{Decline, DisputeStatus, NextAction, ProviderDispute, ProviderName},
    risk::RiskOutcome,
    vault::Sealed,
};

/// What somebody wants done, or what the saga found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The stock is held, and the order's risk is known.
    RecordReserved {
        /// What, and where.
        allocations: Vec<Allocation>,
        /// What comes of its risk.
        risk: RiskOutcome,
        /// Why.
        reasons: Vec<String>,
    },
    /// There is not enough of something.
    RecordStockRefused(Sku),
    /// A person lets it pass.
    Approve(Actor),
    /// A person does not.
    Reject(Actor, Option<Line>),
    /// The shopper must do something first.
    RecordActionRequired(Sealed<NextAction>),
    /// Its provider holds nothing, for certain, and this one is to be asked instead.
    Reroute(ProviderName),
    /// The provider holds the money.
    RecordAuthorized {
        /// How much.
        amount: Money,
        /// The provider's name of the payment.
        reference: String,
        /// Which provider.
        provider: ProviderName,
    },
    /// The provider said no.
    RecordDeclined(Decline),
    /// Staff want the money taken.
    RequestCapture(Actor),
    /// The money was taken.
    RecordCaptured {
        /// How much.
        amount: Money,
        /// What the provider keeps of it, if it says so already.
        fee: Option<Money>,
    },
    /// How the disputes about one of its payments stand at the provider.
    RecordDisputes {
        /// Which payment: 1 is the order's own.
        payment: u32,
        /// The disputes, all of them.
        disputes: Vec<ProviderDispute>,
    },
    /// Nothing is held any more, or ever was.
    RecordVoided,
    /// What was taken was given back.
    RecordRefunded(Money),
    /// It is to be canceled.
    RequestCancel {
        /// Why.
        cause: CancelCause,
        /// In the words of who asks for it.
        reason: Option<Line>,
        /// Who.
        by: Actor,
    },
    /// Its stock was let go: the last step of a cancellation.
    RecordReleased,
    /// A parcel was packed.
    Fulfill {
        /// Its id.
        fulfillment: FulfillmentId,
        /// What is in it; all that is left where it does not say.
        lines: Option<Vec<ShippedLine>>,
        /// Where it can be followed.
        tracking: Option<Tracking>,
        /// Who packed it.
        by: Actor,
    },
    /// What a parcel holds was taken off the shelves.
    RecordShipped(FulfillmentId),
}

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
}

/// What happens when `command` meets `order`. Nothing, where it has happened already.
///
/// # Errors
/// [`Refusal`] where a rule forbids it.
pub fn decide(order: &Order, command: Command) -> Result<Vec<OrderEvent>, Refusal> {
    let refuse = |reason| Err(Refusal::State { status: order.status(), reason });
    match command {
        Command::RecordReserved { allocations, risk, reasons } => match order.stock {
            StockState::None if order.cancellation.is_none() => Ok(vec![
                OrderEvent::StockReserved { allocations },
                OrderEvent::RiskAssessed { outcome: risk, reasons },
            ]),
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
        Command::Approve(by) => match order.review {
            None if order.awaits_review() => Ok(vec![OrderEvent::ReviewApproved { by }]),
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
            PaymentStatus::None if order.cancellation.is_none() && order.may_hold_money() => {
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
            PaymentStatus::None if order.cancellation.is_none() && order.may_hold_money() => Ok(vec![
                OrderEvent::PaymentAuthorized { amount, reference, provider },
                OrderEvent::Confirmed {},
            ]),
            PaymentStatus::Authorized | PaymentStatus::Captured => Ok(vec![]),
            PaymentStatus::None if order.cancellation.is_none() => refuse("it is not to be paid yet"),
            _ => refuse("its payment is settled already"),
        },
        Command::RecordDeclined(decline) => match order.payment {
            PaymentStatus::None if order.cancellation.is_none() && order.may_hold_money() => {
                Ok(vec![OrderEvent::PaymentDeclined { decline }, canceling(CancelCause::PaymentDeclined)])
            }
            PaymentStatus::Failed => Ok(vec![]),
            PaymentStatus::None if order.cancellation.is_none() => refuse("it is not to be paid yet"),
            _ => refuse("its payment is settled already"),
        },
        Command::RequestCapture(by) => match order.payment {
            PaymentStatus::Captured => Ok(vec![]),
            PaymentStatus::Authorized if order.cancellation.is_none() => {
                let request = OrderEvent::CaptureRequested { by };
                Ok(if order.capture_requested { vec![] } else { vec![request] })
            }
            _ => refuse("there is no money held that could be taken"),
        },
        Command::RecordCaptured { amount, fee } => match order.payment {
            PaymentStatus::Authorized => {
                Ok(vec![OrderEvent::PaymentCaptured { amount, fee, provider: order.provider }])
            }
            PaymentStatus::Captured => Ok(vec![]),
            _ => refuse("no money is held"),
        },
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
            _ if order.cancellation.is_some() => Ok(vec![OrderEvent::PaymentRefunded { amount }]),
            _ => refuse("it is not to be canceled"),
        },
        Command::RecordDisputes { payment, disputes } => {
            Ok(disputes.into_iter().flat_map(|dispute| disputed(order, payment, dispute)).collect())
        }
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
