//! Refunds, returns and edits: what exactly they come to.

use souk::{
    id::{CustomerId, GiftCardId, OrderId, RefundId},
    order::{
        Command, NewRefund, Order, OrderStatus, PaymentStatus, RefundCause, RefundTo, RefundWay, RefundWish,
        Refusal, ShippingWish, Step, decide, next_step,
    },
    payment::CaptureMethod::{Automatic, Manual},
    pricing::{Discount, Tax, Tender, TenderKind},
    risk::RiskOutcome::Allow,
    totals::Totals,
};

use crate::example::*;

/// The order after `commands` more, none of which may be refused.
fn then(order: Order, commands: impl IntoIterator<Item = Command>) -> Order {
    commands.into_iter().fold(order, |order, command| {
        let events = decide(&order, command).unwrap();
        with(order, events)
    })
}

/// Three mugs for 10.00 in all after a discount, with 1.00 of tax: nothing of which divides by three.
fn uneven() -> Order {
    let mut placed = placed(Automatic);
    placed.lines.truncate(1);
    placed.lines[0].discounts =
        vec![Discount { promotion: souk::id::PromotionId::from_bits(1), amount: euros(1700) }];
    placed.lines[0].taxes = vec![Tax {
        name: "VAT".parse().unwrap(),
        rate: "10".parse().unwrap(),
        taxable: euros(1000),
        amount: euros(100),
    }];
    placed.totals = Totals {
        discount: euros(1700),
        tax: euros(100),
        total: euros(1100),
        ..Totals::of_lines(euros(2700))
    };
    let captured = Command::RecordCaptured { amount: euros(1100), fee: None };
    then(order_of(placed), [reserved(Allow), authorized(), captured])
}

fn mugs(id: u128, count: i64) -> Command {
    let lines = vec![("MUG".parse().unwrap(), quantity(count))];
    refund_of(id, RefundWish::Parts { lines, shipping: ShippingWish::None })
}

/// What the refund at `place` gives for its first line: net and tax.
fn given(order: &Order, place: usize) -> (i64, i64) {
    let line = &order.refunds[place].request.parts.lines[0];
    (line.net.amount(), line.tax.amount())
}

#[test]
fn units_are_worth_what_is_due_for_them_and_those_before() {
    let order = then(uneven(), [mugs(1, 1), mugs(2, 1), mugs(3, 1)]);
    let all: Vec<_> = (0..3).map(|place| given(&order, place)).collect();
    assert_eq!(all, [(333, 33), (334, 34), (333, 33)]);
    assert_eq!(order.kept(), Ok(euros(0)));
    let too_many = decide(&order, mugs(4, 1));
    assert_eq!(too_many, Err(Refusal::NotRefundable { sku: "MUG".parse().unwrap(), left: 0 }));
    // Two at once are worth the same as one after the other.
    assert_eq!(given(&then(uneven(), [mugs(1, 2)]), 0), (667, 67));
}

#[test]
fn what_failed_is_free_again_and_the_units_still_sum_up() {
    let order =
        then(uneven(), [mugs(1, 1), mugs(2, 1), failed(RefundId::from_bits(1)), mugs(3, 1), mugs(4, 1)]);
    let sum =
        |part: fn((i64, i64)) -> i64| [1, 2, 3].map(|place| part(given(&order, place))).iter().sum::<i64>();
    assert_eq!((sum(|given| given.0), sum(|given| given.1)), (1000, 100));
    assert_eq!(order.kept(), Ok(euros(0)));
}

#[test]
fn all_that_is_left_is_told_line_by_line_where_it_can_be() {
    let order = then(uneven(), [mugs(1, 1), refund(2, None)]);
    assert_eq!(given(&order, 1), (667, 67));
    assert!(order.refunds[1].request.parts.adjustment.is_none());
    // After an amount for nothing in particular, it can't be.
    let order = then(uneven(), [refund(1, Some(1)), refund(2, Some(1099))]);
    assert_eq!(order.refunds[1].request.parts.adjustment, Some(euros(1099)));
}

const CARD: GiftCardId = GiftCardId::from_bits(4);
const CUSTOMER: CustomerId = CustomerId::from_bits(5);

/// An order of 77.00 of which a gift card paid 50.00 and store credit 7.00.
fn tendered(commands: Vec<Command>) -> Order {
    let mut placed = placed(Automatic);
    let tender = |kind, amount| Tender { kind, amount: euros(amount) };
    placed.tenders = vec![
        tender(TenderKind::GiftCard { id: CARD }, 5000),
        tender(TenderKind::StoreCredit { customer: CUSTOMER }, 700),
    ];
    let authorized = Command::RecordAuthorized {
        amount: euros(2000),
        reference: "sandbox_1".to_owned(),
        provider: Default::default(),
    };
    then(order_of(placed), [reserved(Allow), authorized].into_iter().chain(commands))
}

fn shares(order: &Order, place: usize) -> Vec<(RefundWay, i64)> {
    let shares = order.refunds[place].request.shares.iter();
    shares.map(|share| (share.way, share.amount.amount())).collect()
}

#[test]
fn money_goes_back_to_the_card_first_and_then_to_what_else_paid() {
    let taken = Command::RecordCaptured { amount: euros(2000), fee: None };
    let order = tendered(vec![taken.clone(), refund(1, Some(1500)), refund(2, Some(5000)), refund(3, None)]);
    let (payment, card) = (RefundWay::Payment { number: 1 }, RefundWay::GiftCard { id: CARD });
    assert_eq!(shares(&order, 0), [(payment, 1500)]);
    assert_eq!(shares(&order, 1), [(payment, 500), (card, 4500)]);
    assert_eq!(shares(&order, 2), [(card, 500), (RefundWay::StoreCredit { customer: CUSTOMER }, 700)]);
    assert_eq!(order.refunded, euros(2000));
    // The first share of the second has gone back when its second one can't.
    let second = RefundId::from_bits(2);
    let order = then(order, [returned(second), failed(second)]);
    assert_eq!(order.kept(), Ok(euros(4500)));
    assert_eq!(order.payment, PaymentStatus::PartiallyRefunded);
    // What was given elsewhere is not given again.
    let to = RefundTo::StoreCredit { customer: CUSTOMER };
    let wish = RefundWish::Amount(euros(7000));
    let new = NewRefund { id: RefundId::from_bits(1), wish, to, reason: None, by: STAFF };
    let order = tendered(vec![
        taken,
        Command::RequestRefund(Box::new(new)),
        cancel(),
        returned(RefundId::from_bits(1)),
    ]);
    assert_eq!(next_step(&order), Step::RefundRest);
    let order = then(order, [Command::RefundRest]);
    assert_eq!(shares(&order, 1), [(payment, 700)]);
}

#[test]
fn an_order_that_gift_cards_paid_gives_them_back_when_it_is_canceled() {
    // Before anything was taken: all of them, when the stock is let go.
    let order = tendered(vec![cancel(), Command::RecordVoided]);
    assert_eq!(next_step(&order), Step::Release);
    let back = order.tenders_to_give_back().unwrap();
    assert_eq!(back.iter().map(|share| share.amount.amount()).collect::<Vec<_>>(), [5000, 700]);
    // After it: as a refund.
    let taken = Command::RecordCaptured { amount: euros(2000), fee: None };
    let order = tendered(vec![taken, cancel(), Command::RefundRest]);
    assert_eq!(order.refunds[0].request.cause, RefundCause::Canceled);
    assert_eq!(shares(&order, 0).len(), 3);
    assert!(order.tenders_to_give_back().unwrap().is_empty());
}

#[test]
fn a_rest_that_cant_go_back_waits_for_a_person() {
    let order = then(uneven(), [cancel(), Command::RefundRest]);
    let first = order.refunds[0].id();
    let order = then(order, [failed(first)]);
    assert_eq!(next_step(&order), Step::AwaitRefund);
    assert_eq!(decide(&order, Command::RefundRest), Ok(vec![]));
    let to = RefundTo::GiftCard { id: CARD };
    let new = NewRefund { id: RefundId::from_bits(9), wish: RefundWish::All, to, reason: None, by: STAFF };
    let order = then(order, [Command::RequestRefund(Box::new(new)), returned(RefundId::from_bits(9))]);
    assert_eq!(next_step(&order), Step::Release);
    let order = then(order, [Command::RecordReleased]);
    assert_eq!((order.status(), order.payment), (OrderStatus::Canceled, PaymentStatus::Refunded));
}

#[test]
fn what_a_bank_sends_back_days_later_can_be_refunded_again() {
    let order = then(uneven(), [cancel(), Command::RefundRest]);
    let first = order.refunds[0].id();
    let order = then(order, [returned(first), Command::RecordReleased, failed(first)]);
    assert_eq!((order.status(), order.payment), (OrderStatus::Canceled, PaymentStatus::Captured));
    let order = then(order, [refund(9, None)]);
    assert_eq!(next_step(&order), Step::Refund);
    let order = then(order, [returned(RefundId::from_bits(9))]);
    assert_eq!((order.payment, next_step(&order)), (PaymentStatus::Refunded, Step::Done));
}

#[test]
fn an_edit_is_of_the_order_that_was_priced() {
    let order = crate::example::given(Automatic, vec![reserved(Allow), authorized(), captured()]);
    let change = edit(1, &order, &[("MUG", 2), ("POT", 2)]);
    let moved = then(order, [refund(1, Some(1)), failed(RefundId::from_bits(1))]);
    assert!(matches!(decide(&moved, change), Err(Refusal::State { .. })));
}

#[test]
fn an_edit_charges_or_refunds_the_difference_and_no_more() {
    let order = crate::example::given(Automatic, vec![reserved(Allow), authorized(), captured()]);
    let more = then(order.clone(), [edit(1, &order, &[("MUG", 4), ("POT", 2)])]);
    assert_eq!(next_step(&more), Step::Edit);
    let request = &more.pending_edit().unwrap().request;
    assert_eq!((request.charge, request.payment), (euros(900), 2));
    let done = Command::RecordEdited(request.edit, charged(request));
    let more = then(more, [done.clone(), done]);
    assert_eq!((more.captured, more.total()), (euros(8600), euros(8600)));
    // Both payments give back: the first one first.
    let less = then(more.clone(), [edit(2, &more, &[("MUG", 1)])]);
    assert_eq!(shares(&less, 0), [(RefundWay::Payment { number: 1 }, 7700)]);
    assert_eq!(less.kept(), Ok(euros(900)));
    assert_eq!(next_step(&less), Step::AdjustStock);
}

#[test]
fn a_payment_that_was_taken_before_an_edit_is_known_gives_the_difference_back() {
    let order = crate::example::given(Manual, vec![reserved(Allow), authorized(), want_capture()]);
    let order = then(order.clone(), [edit(1, &order, &[("MUG", 2), ("POT", 2)])]);
    assert_eq!(order.capturable(), Ok(euros(6800)));
    let order = then(order, [captured()]);
    assert_eq!(shares(&order, 0), [(RefundWay::Payment { number: 1 }, 900)]);
}

#[test]
fn an_order_paid_by_gift_cards_alone_needs_no_provider() {
    let mut placed = placed(Automatic);
    placed.tenders = vec![Tender { kind: TenderKind::GiftCard { id: CARD }, amount: euros(7700) }];
    let none = Command::RecordAuthorized {
        amount: euros(0),
        reference: "none".to_owned(),
        provider: Default::default(),
    };
    let order = then(order_of(placed), [reserved(Allow), none]);
    assert_eq!((next_step(&order), order.capturable()), (Step::Capture, Ok(euros(0))));
    let order = then(order, [Command::RecordCaptured { amount: euros(0), fee: None }, refund(1, None)]);
    assert_eq!(shares(&order, 0), [(RefundWay::GiftCard { id: CARD }, 7700)]);
    assert_eq!(order.refunded, euros(0));
    let order = then(order, [returned(RefundId::from_bits(1))]);
    assert_eq!(order.payment, PaymentStatus::Refunded);
    assert_eq!(order.id, OrderId::from_bits(1));
}
