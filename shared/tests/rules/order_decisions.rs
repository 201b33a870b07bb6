//! Every command in every state of an order: what happens, that nothing happens twice, and what is refused.

use souk::{
    order::{CancelCause, Command, Order, OrderEvent, OrderStatus, PaymentStatus, Refusal, decide},
    payment::CaptureMethod::{Automatic, Manual},
    risk::RiskOutcome::{Allow, Review},
};

use crate::example::*;

/// A state's name, and the commands that lead there.
fn states() -> Vec<(&'static str, Order)> {
    let of = |commands| given(Manual, commands);
    let allowed = || reserved(Allow);
    let review = || reserved(Review);
    vec![
        ("placed", of(vec![])),
        ("reserved", of(vec![allowed()])),
        ("in review", of(vec![review()])),
        ("approved", of(vec![review(), Command::Approve(STAFF, None)])),
        ("rejected", of(vec![review(), Command::Reject(STAFF, None)])),
        ("short", of(vec![short()])),
        ("declined", of(vec![allowed(), declined()])),
        ("confirmed", of(vec![allowed(), authorized()])),
        ("wanted", of(vec![allowed(), authorized(), want_capture()])),
        ("captured", of(vec![allowed(), authorized(), captured()])),
        ("parcel", of(vec![allowed(), authorized(), fulfill(1, Some(&[("MUG", 1)]))])),
        ("shipped", of(vec![allowed(), authorized(), fulfill(1, None), shipped(1)])),
        ("canceling", of(vec![cancel()])),
        ("canceling held", of(vec![allowed(), authorized(), cancel()])),
        ("canceling taken", of(vec![allowed(), authorized(), captured(), cancel()])),
        ("voided", of(vec![allowed(), authorized(), cancel(), Command::RecordVoided])),
        ("refunding", of(vec![allowed(), authorized(), captured(), cancel(), Command::RefundRest])),
        (
            "refunded",
            of(vec![allowed(), authorized(), captured(), cancel(), Command::RefundRest, returned(rest(0))]),
        ),
        ("canceled", of(vec![cancel(), Command::RecordReleased])),
    ]
}

/// What `command` does in each state: the types of its events without `order.`, `-` for nothing, or the refusal.
fn told(command: &Command) -> String {
    let mut told = String::new();
    for (state, order) in states() {
        let outcome = match decide(&order, command.clone()) {
            Ok(events) if events.is_empty() => "-".to_owned(),
            Ok(events) => {
                let kinds = events.iter().map(|event| event.write().unwrap().0.replace("order.", ""));
                kinds.collect::<Vec<_>>().join(", ")
            }
            Err(refusal) => format!("refused. {refusal}"),
        };
        told += &format!("{state}: {outcome}\n");
    }
    told
}

#[test]
fn the_stock_is_settled_once() {
    insta::assert_snapshot!("stock_reserved", told(&reserved(Allow)));
    insta::assert_snapshot!("stock_refused", told(&short()));
}

#[test]
fn a_person_decides_while_an_order_is_in_review() {
    insta::assert_snapshot!("approve", told(&Command::Approve(STAFF, None)));
    insta::assert_snapshot!("reject", told(&Command::Reject(STAFF, None)));
}

#[test]
fn the_provider_is_believed_while_it_can_be() {
    insta::assert_snapshot!("authorized", told(&authorized()));
    insta::assert_snapshot!("declined", told(&declined()));
    insta::assert_snapshot!("captured", told(&captured()));
    insta::assert_snapshot!("voided", told(&Command::RecordVoided));
    insta::assert_snapshot!("refunded", told(&refunded()));
}

#[test]
fn staff_take_money_that_is_held() {
    insta::assert_snapshot!("request_capture", told(&want_capture()));
}

#[test]
fn money_that_was_taken_can_go_back() {
    insta::assert_snapshot!("refund", told(&refund(1, Some(500))));
    insta::assert_snapshot!("refund_rest", told(&Command::RefundRest));
    insta::assert_snapshot!("refund_returned", told(&returned(rest(0))));
    insta::assert_snapshot!("refund_failed", told(&failed(rest(0))));
}

#[test]
fn goods_that_were_sent_can_come_back() {
    insta::assert_snapshot!("return", told(&come_back(1, &[("MUG", 1)])));
}

#[test]
fn what_is_bought_can_change_before_it_is_sent() {
    insta::assert_snapshot!("edit", edits());
}

/// What an edit does in each state, as [`told`] says it: it is of the order as it was read.
fn edits() -> String {
    let mut told = String::new();
    for (state, order) in states() {
        let outcome = match decide(&order, edit(1, &order, &[("MUG", 2), ("POT", 2)])) {
            Ok(events) => events
                .iter()
                .map(|event| event.write().unwrap().0.replace("order.", ""))
                .collect::<Vec<_>>()
                .join(", "),
            Err(refusal) => format!("refused. {refusal}"),
        };
        told += &format!("{state}: {outcome}\n");
    }
    told
}

#[test]
fn an_order_is_canceled_until_some_of_it_was_sent() {
    insta::assert_snapshot!("cancel", told(&cancel()));
    insta::assert_snapshot!("released", told(&Command::RecordReleased));
}

#[test]
fn parcels_are_packed_once_the_store_owes_the_goods() {
    insta::assert_snapshot!("fulfill", told(&fulfill(2, Some(&[("MUG", 1)]))));
    insta::assert_snapshot!("shipped", told(&shipped(1)));
}

/// Deliveries come twice: nothing may happen twice, in any state.
#[test]
fn a_command_done_again_does_nothing_more() {
    let commands =
        [reserved(Allow), short(), Command::Approve(STAFF, None), Command::Reject(STAFF, None), authorized()]
            .into_iter()
            .chain([declined(), captured(), want_capture(), Command::RecordVoided, refunded()])
            .chain([Command::RefundRest, returned(rest(0)), failed(rest(0)), refund(1, Some(500))])
            .chain([come_back(1, &[("MUG", 1)]), Command::RecordStockAdjusted])
            .chain([cancel(), Command::RecordReleased, fulfill(1, Some(&[("MUG", 1)])), shipped(1)]);
    for command in commands {
        for (state, order) in states() {
            let Ok(events) = decide(&order, command.clone()) else { continue };
            let again = decide(&with(order, events), command.clone());
            assert_eq!(again, Ok(vec![]), "{command:?} twice, when {state}");
        }
    }
}

#[test]
fn a_refusal_says_where_the_order_stands() {
    let packed = given(Automatic, vec![reserved(Allow), authorized(), fulfill(1, Some(&[("MUG", 1)]))]);
    let refusal = decide(&packed, cancel()).unwrap_err();
    assert_eq!(refusal.to_string(), "The order is partially_fulfilled: some of it was sent already.");
    let refusal = decide(&given(Automatic, vec![]), fulfill(1, None)).unwrap_err();
    assert_eq!(refusal.to_string(), "The order is pending: it is not confirmed yet.");
}

#[test]
fn a_parcel_holds_no_more_than_is_left() {
    let order = given(Automatic, vec![reserved(Allow), authorized(), fulfill(1, Some(&[("MUG", 2)]))]);
    let refused = |lines: &[(&str, i64)]| decide(&order, fulfill(2, Some(lines))).unwrap_err();
    let too_many = |sku: &str, left| Refusal::TooMany { sku: sku.parse().unwrap(), left };
    assert_eq!(refused(&[("MUG", 2)]), too_many("MUG", 1));
    // Two lines of one SKU are one.
    assert_eq!(refused(&[("POT", 1), ("MUG", 1), ("POT", 2)]), too_many("POT", 2));
    assert_eq!(refused(&[("PAN", 1)]), too_many("PAN", 0));
    assert_eq!(refused(&[]), Refusal::Empty);
    assert!(decide(&order, fulfill(2, Some(&[("MUG", 1), ("POT", 2)]))).is_ok());
}

#[test]
fn the_last_parcel_takes_what_is_left_and_nothing_remains_for_another() {
    let order = given(Automatic, vec![reserved(Allow), authorized(), fulfill(1, Some(&[("MUG", 2)]))]);
    assert_eq!(order.status(), OrderStatus::PartiallyFulfilled);
    let order = with(order.clone(), decide(&order, fulfill(2, None)).unwrap());
    let rest: Vec<_> =
        order.fulfillments[1].lines.iter().map(|line| (line.sku.as_str(), line.quantity.get())).collect();
    assert_eq!(rest, [("MUG", 1), ("POT", 2)]);
    assert_eq!(order.status(), OrderStatus::Fulfilled);
    assert_eq!(decide(&order, fulfill(3, None)), Err(Refusal::Empty));
}

#[test]
fn money_that_came_late_is_given_back_and_counted() {
    let order =
        given(Automatic, vec![reserved(Allow), cancel(), Command::RecordVoided, Command::RecordReleased]);
    let order = with(order.clone(), decide(&order, refunded()).unwrap());
    assert_eq!((order.status(), order.payment), (OrderStatus::Canceled, PaymentStatus::Refunded));
    assert_eq!((order.captured, order.refunded), (euros(7700), euros(7700)));
}

#[test]
fn a_cancellation_keeps_its_first_cause() {
    let order = given(Automatic, vec![short()]);
    assert_eq!(decide(&order, cancel()), Ok(vec![]));
    let end = decide(&order, Command::RecordReleased).unwrap();
    assert_eq!(end.last(), Some(&OrderEvent::Canceled { cause: CancelCause::OutOfStock }));
}
