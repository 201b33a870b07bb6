//! Whatever is done to an order in whatever order, some things never happen, and it can always come to rest.

use proptest::prelude::*;
use souk::{
    id::RefundId,
    order::{Command, EditFailure, Order, OrderEvent, Step, StockState, decide, next_step},
    payment::CaptureMethod::{self, Automatic, Manual},
    risk::RiskOutcome::{Allow, Review},
};

use crate::example::*;

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let parcel = (1_u128..6, prop::option::of((1_i64..4, 1_i64..3))).prop_map(|(id, lines)| match lines {
        None => fulfill(id, None),
        Some((mugs, pots)) => fulfill(id, Some(&[("MUG", mugs), ("POT", pots)])),
    });
    let one = prop_oneof![
        3 => Just(reserved(Allow)),
        2 => Just(reserved(Review)),
        1 => Just(short()),
        1 => Just(Command::Approve(STAFF, None)),
        1 => Just(Command::Reject(STAFF, None)),
        3 => Just(authorized()),
        1 => Just(declined()),
        1 => Just(want_capture()),
        2 => Just(captured()),
        1 => Just(Command::RecordVoided),
        1 => Just(refunded()),
        1 => Just(cancel()),
        1 => Just(Command::RefundRest),
        2 => (1_u128..4, prop::option::of(1_i64..9000)).prop_map(|(id, amount)| refund(id, amount)),
        2 => (1_u128..4).prop_map(|id| returned(RefundId::from_bits(id))),
        1 => Just(returned(rest(0))),
        1 => (1_u128..4).prop_map(|id| failed(RefundId::from_bits(id))),
        1 => Just(failed(rest(0))),
        1 => Just(Command::RecordReleased),
        3 => (1_u128..6, 1_i64..3).prop_map(|(id, count)| fulfill(id, Some(&[("MUG", count)]))),
        2 => parcel,
        1 => (1_u128..6).prop_map(shipped),
    ];
    prop::collection::vec(one, 0..25)
}

/// The order after `commands`, with all that happened. What is refused did not happen.
fn live(capture: CaptureMethod, commands: Vec<Command>) -> (Order, Vec<OrderEvent>) {
    let start = (order_of(placed(capture)), Vec::new());
    commands.into_iter().fold(start, |(order, mut history), command| {
        let events = decide(&order, command).unwrap_or_default();
        history.extend(events.clone());
        (with(order, events), history)
    })
}

/// What a step finds out when all goes well.
pub fn outcome(order: &Order, step: Step) -> Command {
    match step {
        Step::Reserve => reserved(Allow),
        Step::AwaitReview => Command::Approve(STAFF, None),
        Step::Authorize => authorized(),
        Step::Capture => Command::RecordCaptured { amount: order.capturable().unwrap(), fee: None },
        Step::Ship(fulfillment) => Command::RecordShipped(fulfillment),
        Step::Restock(id) => Command::RecordRestocked(id),
        Step::Edit => {
            let edit = &order.pending_edit().unwrap().request;
            Command::RecordEdited(edit.edit, charged(edit))
        }
        Step::AbandonEdit => {
            Command::RecordEditFailed(order.pending_edit().unwrap().id(), EditFailure::Canceled)
        }
        Step::AdjustStock => Command::RecordStockAdjusted,
        Step::Refund => {
            let refund = order.refunds.iter().find(|refund| refund.next_share().is_some()).unwrap();
            Command::RecordRefundReturned(refund.id(), refund.returned + 1)
        }
        Step::RefundRest => Command::RefundRest,
        Step::ReturnMoney => Command::RecordVoided,
        Step::Release => Command::RecordReleased,
        Step::AwaitRefund | Step::Done => unreachable!("nothing follows"),
    }
}

fn capture() -> impl Strategy<Value = CaptureMethod> {
    prop_oneof![Just(Automatic), Just(Manual)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn money_is_taken_once_and_no_more_is_given_back(capture in capture(), commands in commands()) {
        let (order, history) = live(capture, commands);
        let captures = history.iter().filter(|event| matches!(event, OrderEvent::PaymentCaptured { .. })).count();
        prop_assert!(captures <= 1);
        prop_assert!(order.refunded.amount() <= order.captured.amount());
        prop_assert!(order.captured.amount() <= order.total().amount());
    }

    #[test]
    fn an_order_that_is_to_be_canceled_is_never_confirmed(capture in capture(), commands in commands()) {
        let (_, history) = live(capture, commands);
        let canceled = history.iter().position(|event| matches!(event, OrderEvent::CancelRequested { .. }));
        let confirmed = history.iter().rposition(|event| matches!(event, OrderEvent::Confirmed {}));
        prop_assert!(canceled.is_none_or(|canceled| confirmed.is_none_or(|confirmed| confirmed < canceled)));
    }

    #[test]
    fn an_order_ends_with_nothing_held_and_stays_over(capture in capture(), commands in commands()) {
        let mut order = order_of(placed(capture));
        for command in commands {
            let was_over = order.is_canceled();
            let events = decide(&order, command.clone()).unwrap_or_default();
            order = with(order, events);
            prop_assert!(!was_over || order.is_canceled(), "{command:?} brought it back");
            let over = order.is_canceled() && !was_over;
            let kept = order.was_captured() && !order.kept().unwrap().is_zero();
            prop_assert!(!over || !(kept || order.may_be_held()), "{command:?} left {:?}", order.payment);
        }
    }

    #[test]
    fn no_more_is_sent_than_was_ordered_and_none_of_it_if_canceled(capture in capture(), commands in commands()) {
        let (order, _) = live(capture, commands);
        for (sku, ordered) in order.demand() {
            let lines = order.fulfillments.iter().flat_map(|parcel| &parcel.lines);
            let sent: u32 = lines.filter(|line| line.sku == sku).map(|line| line.quantity.get()).sum();
            prop_assert!(u64::from(sent) <= ordered, "{sent} of {ordered} {sku}");
        }
        prop_assert!(order.cancellation.is_none() || order.fulfillments.is_empty());
        prop_assert!(order.confirmed_at.is_none() || order.stock != StockState::None, "nothing was reserved");
    }

    #[test]
    fn from_anywhere_the_saga_comes_to_rest(capture in capture(), commands in commands()) {
        let (mut order, _) = live(capture, commands);
        for _ in 0..30 {
            let step = next_step(&order);
            if matches!(step, Step::Done | Step::AwaitRefund) {
                return Ok(());
            }
            let events = decide(&order, outcome(&order, step));
            prop_assert!(events.as_ref().is_ok_and(|events| !events.is_empty()), "{step:?} leads to {events:?}");
            order = with(order, events.unwrap_or_default());
        }
        prop_assert!(false, "{:?} after 30 steps", next_step(&order));
    }
}
