//! Goods that are given for what came back, and edits of orders of which some was given back.

use souk::{
    ledger::{Account, Side, of_order},
    money::Money,
    order::{
        Command, EditFailure, EditStatus, Order, OrderEvent, RefundCause, RefundWay, RefundWish, Refusal,
        ShippingWish, decide,
    },
    payment::CaptureMethod::Automatic,
    risk::RiskOutcome::Allow,
};

use crate::example::*;

/// Three mugs at 9.00 and two pots at 25.00, paid and sent, of which these came back.
fn came(lines: &[(&str, i64)], refund: Option<u128>) -> Order {
    let captured = Command::RecordCaptured { amount: euros(7700), fee: None };
    let sent = [fulfill(1, None), shipped(1), come_back(1, lines), received_back(1, lines, refund)];
    given(Automatic, [reserved(Allow), authorized(), captured].into_iter().chain(sent).collect())
}

fn then(order: Order, command: Command) -> Order {
    let events = decide(&order, command).unwrap();
    with(order, events)
}

/// The order once its edit is paid.
fn done(order: Order) -> Order {
    let request = order.pending_edit().unwrap().request.clone();
    then(order, Command::RecordEdited(request.edit, charged(&request)))
}

fn shares(order: &Order) -> Vec<(RefundWay, i64)> {
    let shares = order.refunds.last().unwrap().request.shares.iter();
    shares.map(|share| (share.way, share.amount.amount())).collect()
}

/// What the events of `order` since the capture come to on an account.
fn booked(order: &Order, events: &[OrderEvent], account: Account) -> i64 {
    let mut order = order.clone();
    let mut sum = 0;
    for event in events {
        if let Some(lines) = of_order(&order, event).unwrap() {
            sum += lines.amount(account, Side::Debit) - lines.amount(account, Side::Credit);
        }
        order = with(order, vec![event.clone()]);
    }
    sum
}

fn counts(of: &std::collections::BTreeMap<souk::catalog::Sku, u64>) -> Vec<(&str, u64)> {
    of.iter().map(|(sku, count)| (sku.as_str(), *count)).collect()
}

#[test]
fn what_costs_more_is_charged_and_what_came_pays_for_the_rest() {
    let order = came(&[("MUG", 1)], None);
    let order = then(order.clone(), exchange(1, &order, 0, 3));
    let edit = order.pending_edit().unwrap();
    assert_eq!(edit.request.charge, euros(3 * 401 - 900));
    assert_eq!(order.returns[0].exchange, Some(edit.id()));
    assert_eq!(counts(&order.demand_of_edit(edit)), [("CUP", 3)], "what was sent is held no more");
    let pending = order.clone();
    let order = done(order);
    let edit = order.edits[0].id();
    assert_eq!(shares(&order), [(RefundWay::Exchange { edit }, 900)]);
    assert_eq!(order.kept(), Ok(euros(7700 + 303)));
    assert_eq!(order.refunded, euros(0), "no money went back");
    assert_eq!(counts(&order.unshipped()), [("CUP", 3)]);
    assert_eq!(counts(&order.to_hold()), [("CUP", 3)]);
    assert_eq!(order.refundable(), order.total().minus(euros(900)).unwrap());
    let request = pending.edits[0].request.clone();
    let mut events = decide(&pending, Command::RecordEdited(request.edit, charged(&request))).unwrap();
    events.push(OrderEvent::RefundSucceeded { refund: order.refunds[0].id() });
    assert_eq!(booked(&pending, &events, Account::ProviderClearing), 303);
    assert_eq!(booked(&pending, &events, Account::Receivable), 0, "nobody owes anything");
    assert_eq!(booked(&pending, &events, Account::Sales), -1203);
    assert_eq!(booked(&pending, &events, Account::Refunds), 900);
}

#[test]
fn what_costs_less_gives_the_rest_back() {
    let order = came(&[("POT", 1)], None);
    let order = done(then(order.clone(), exchange(1, &order, 0, 1)));
    let edit = order.edits[0].id();
    let ways = [(RefundWay::Exchange { edit }, 401), (RefundWay::Payment { number: 1 }, 2099)];
    assert_eq!(shares(&order), ways);
    assert_eq!(order.refunded, euros(2099));
    assert_eq!(order.kept(), Ok(euros(7700 - 2099)));
    let cause = order.refunds[0].request.cause;
    assert!(matches!(cause, RefundCause::Exchanged { edit: by, .. } if by == edit), "{cause:?}");
}

#[test]
fn the_same_again_costs_nothing_to_the_cent() {
    let order = came(&[("MUG", 2), ("POT", 1)], None);
    let order = then(order.clone(), exchange(1, &order, 1, 0));
    assert_eq!(order.pending_edit().unwrap().request.charge, euros(0));
    let order = done(order);
    // The other mug and the pot are not exchanged for anything: their money goes back.
    assert_eq!(shares(&order), [(RefundWay::Payment { number: 1 }, 3400)]);
    assert_eq!(counts(&order.unshipped()), [("MUG", 1)]);
    let all = came(&[("MUG", 2)], None);
    let all = done(then(all.clone(), exchange(1, &all, 2, 0)));
    assert!(all.refunds.is_empty());
    assert_eq!((all.total(), all.kept()), (euros(7700), Ok(euros(7700))));
    let sent = then(all, fulfill(2, None));
    assert!(sent.unshipped().is_empty());
    let sent = then(sent, shipped(2));
    assert!(sent.to_hold().is_empty());
    assert_eq!(
        counts(&sent.returnable()),
        [("MUG", 3), ("POT", 2)],
        "what was sent again may come back again"
    );
}

#[test]
fn what_can_not_be_had_leaves_what_came_to_be_refunded() {
    let order = came(&[("MUG", 1)], None);
    let order = then(order.clone(), exchange(1, &order, 0, 3));
    let edit = order.edits[0].id();
    let order = then(order, Command::RecordEditFailed(edit, EditFailure::Timeout));
    assert!(matches!(order.edits[0].status, EditStatus::Failed(_)));
    assert_eq!((order.total(), order.returns[0].exchange), (euros(7700), None));
    assert!(order.holds_more, "the cups are let go");
    let again = done(then(order.clone(), exchange(1, &order, 1, 0)));
    assert!(again.refunds.is_empty());
    let refunded = then(order, refund(1, Some(900)));
    assert_eq!(refunded.kept(), Ok(euros(6800)));
}

/// A worker sees an edit run out of time, another sees that it was paid at last: money that goes back makes no edit.
#[test]
fn what_was_abandoned_is_not_done() {
    let order = came(&[("MUG", 1)], None);
    let order = then(order.clone(), exchange(1, &order, 0, 3));
    let edit = order.edits[0].id();
    let paid = Command::RecordEdited(edit, charged(&order.edits[0].request));
    assert!(decide(&order, paid.clone()).is_ok());
    let abandoned = then(order.clone(), Command::AbandonEdit(edit, EditFailure::Timeout));
    assert!(matches!(decide(&abandoned, paid.clone()), Err(Refusal::State { .. })));
    assert!(abandoned.pending_edit().is_some(), "its money has to go back");
    assert_eq!(abandoned.to_hold(), order.to_hold());
    let failed = then(abandoned, Command::RecordEditFailed(edit, EditFailure::Timeout));
    assert!(matches!(failed.edits[0].status, EditStatus::Failed(EditFailure::Timeout)));
    // The other way around, nothing goes back.
    let done = then(order, paid);
    assert_eq!(decide(&done, Command::AbandonEdit(edit, EditFailure::Timeout)), Ok(vec![]));
}

#[test]
fn what_came_is_exchanged_once() {
    let refused = |order: &Order, mugs, cups| decide(order, exchange(1, order, mugs, cups)).unwrap_err();
    let is_state = |refusal: &Refusal| matches!(refusal, Refusal::State { .. });
    assert!(is_state(&refused(&came(&[("MUG", 1)], Some(1)), 0, 1)), "refunded");
    let order = came(&[("MUG", 1)], None);
    let done = done(then(order.clone(), exchange(1, &order, 0, 1)));
    assert!(is_state(&refused(&done, 0, 1)), "exchanged");
    assert!(matches!(refused(&order, 2, 0), Refusal::NotReturnable { left: 1, .. }));
    let packed =
        then(then(order.clone(), exchange(1, &order, 1, 0)), Command::RecordEdited(order_edit(&order), None));
    let packed = then(packed, fulfill(2, None));
    let packed = then(packed, come_back(2, &[("MUG", 1)]));
    let packed = then(packed, received_back(2, &[("MUG", 1)], None));
    assert!(
        is_state(&decide(&packed, exchange(2, &packed, 1, 0)).unwrap_err()),
        "a parcel is on its way off the shelves"
    );
    let shipped = then(packed, shipped(2));
    assert!(decide(&shipped, exchange(2, &shipped, 1, 0)).is_ok());
    let captured = Command::RecordCaptured { amount: euros(7000), fee: None };
    let part = [
        reserved(Allow),
        authorized(),
        captured,
        fulfill(1, None),
        Command::RecordShipped(souk::id::FulfillmentId::from_bits(1)),
        come_back(1, &[("MUG", 1)]),
        received_back(1, &[("MUG", 1)], None),
    ];
    let part = given(Automatic, part.to_vec());
    assert!(is_state(&refused(&part, 1, 0)), "a part was never paid");
}

fn order_edit(order: &Order) -> souk::id::EditId {
    souk::id::EditId::from_bits(100 + u128::from(order.sequence))
}

fn paid(amount: i64) -> Order {
    let captured = Command::RecordCaptured { amount: euros(amount), fee: None };
    given(Automatic, vec![reserved(Allow), authorized(), captured])
}

fn lines(mugs: i64) -> RefundWish {
    RefundWish::Parts { lines: vec![("MUG".parse().unwrap(), quantity(mugs))], shipping: ShippingWish::None }
}

#[test]
fn an_order_of_which_some_was_given_back_can_still_change() {
    let order = then(paid(7700), refund_of(1, lines(1)));
    // The mugs stay: one of them was refunded.
    for lines in [&[("POT", 2)][..], &[("MUG", 2), ("POT", 2)], &[("MUG", 4), ("POT", 2)]] {
        let refusal = decide(&order, edit(1, &order, lines)).unwrap_err();
        assert!(matches!(refusal, Refusal::WasRefunded { .. }), "{refusal}");
    }
    let less = then(order.clone(), edit(1, &order, &[("MUG", 3), ("POT", 1)]));
    assert_eq!(less.refunds[1].request.amount, euros(2500));
    assert_eq!(less.kept(), Ok(euros(7700 - 900 - 2500)));
    let more = then(order.clone(), edit(1, &order, &[("MUG", 3), ("POT", 2), ("CUP", 1)]));
    assert_eq!(more.pending_edit().unwrap().request.charge, euros(401), "not what was given back before");
    // What is left of the mugs is still worth what it was, also where they stand elsewhere.
    let moved = then(
        paid(7700),
        refund_of(
            1,
            RefundWish::Parts {
                lines: vec![("POT".parse().unwrap(), quantity(1))],
                shipping: ShippingWish::None,
            },
        ),
    );
    let moved = then(moved.clone(), edit(1, &moved, &[("POT", 2)]));
    assert_eq!(moved.refunds[0].request.parts.lines[0].line, 0, "the pots come first now");
    let rest = then(moved, refund(2, None));
    assert_eq!(rest.kept(), Ok(Money::zero(euros(0).currency())));
}

#[test]
fn what_was_taken_in_part_gets_no_cheaper_and_is_not_taken_late() {
    let order = paid(7000);
    assert!(matches!(decide(&order, edit(1, &order, &[("MUG", 3)])), Err(Refusal::State { .. })));
    let more = then(order.clone(), edit(1, &order, &[("MUG", 4), ("POT", 2)]));
    assert_eq!(more.pending_edit().unwrap().request.charge, euros(900), "the 7.00 stay the store's loss");
    let goodwill = then(paid(7700), refund(1, Some(6000)));
    assert!(matches!(decide(&goodwill, edit(1, &goodwill, &[("MUG", 1)])), Err(Refusal::State { .. })));
}
