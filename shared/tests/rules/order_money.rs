//! Whatever is taken, given back, edited and returned, in whatever order, with a provider that does what it likes: the
//! order knows to the last unit what the provider has of its money, never gives back more than came, and an order that
//! is canceled keeps nothing.

use std::collections::BTreeMap;

use proptest::prelude::*;
use souk::{
    id::{CustomerId, FulfillmentId, GiftCardId, PromotionId, RefundId, ReturnId, ShippingMethodId},
    money::Money,
    order::{
        Command, EditCharge, EditFailure, EditStatus, NewRefund, Order, OrderEvent, PaymentStatus, Refund,
        RefundCause, RefundFailure, RefundTo, RefundWay, RefundWish, ShippingWish, Step, decide, next_step,
    },
    payment::{CaptureMethod, ProviderName, RefundStatus},
    pricing::{
        Discount, PaidOutside, PricePolicy, PricedShipping, Pricing, Rounding, Tax, Tender, TenderKind,
    },
    risk::RiskOutcome::Allow,
    totals::Totals,
};

use crate::example::*;

const CARD: TenderKind = TenderKind::GiftCard { id: GiftCardId::from_bits(4) };
const CREDIT: TenderKind = TenderKind::StoreCredit { customer: CustomerId::from_bits(5) };

/// An order with whatever discounts, taxes, shipping and gift cards.
pub fn orders() -> impl Strategy<Value = Order> {
    let cents = 0_i64..900;
    let manual = prop_oneof![Just(CaptureMethod::Automatic), Just(CaptureMethod::Manual)];
    (manual, any::<bool>(), cents.clone(), cents.clone(), cents, 0_i64..3, 0_i64..4, 0_u8..5).prop_map(
        |(capture, inclusive, discount, tax, shipping, card, credit, outside)| {
            let mut placed = placed(capture);
            let promotion = PromotionId::from_bits(8);
            let rate = |amount| Tax {
                name: "VAT".parse().unwrap(),
                rate: "19".parse().unwrap(),
                taxable: euros(amount),
                amount: euros(amount),
            };
            placed.lines[0].discounts = vec![Discount { promotion, amount: euros(discount) }];
            placed.lines[0].taxes = vec![rate(tax)];
            placed.lines[1].taxes = vec![rate(tax / 2)];
            let priced = PricedShipping {
                method: ShippingMethodId::from_bits(9),
                name: "Post".parse().unwrap(),
                pickup: None,
                price: euros(shipping),
                discounts: vec![],
                taxes: vec![rate(if inclusive { shipping / 7 } else { tax / 3 })],
            };
            let policy = PricePolicy { rounding: Rounding::Line, prices_include_tax: inclusive };
            let tax = if inclusive { 0 } else { tax + tax / 2 + tax / 3 };
            let total = 7700 - discount + shipping + tax;
            placed.totals = Totals {
                discount: euros(discount),
                shipping: euros(shipping),
                tax: euros(tax),
                total: euros(total),
                ..Totals::of_lines(euros(7700))
            };
            placed.pricing = Some(Pricing {
                policy,
                at: jiff::Timestamp::UNIX_EPOCH,
                group: None,
                destination: None,
                shipping: Some(priced),
                promotions: vec![],
                taxes: vec![],
                reverse_charge: false,
            });
            // From nothing to all of it.
            let (card, credit) = (total * card / 4, total * credit / 6);
            let tender = |kind, amount| Tender { kind, amount: euros(amount) };
            let tenders = [tender(CARD, card), tender(CREDIT, credit)];
            placed.tenders = tenders.into_iter().filter(|tender| !tender.amount.is_zero()).collect();
            let due = placed.due().unwrap();
            if outside == 0 && !due.is_zero() {
                placed.paid_outside = Some(PaidOutside { method: "cash".parse().unwrap(), amount: due });
            }
            order_of(placed)
        },
    )
}

/// What somebody does.
#[derive(Clone, Debug)]
pub enum Deed {
    /// The saga takes a step, and the provider does as this says: 0 declines or refuses, 1 to 3 do.
    Step(u8),
    Capture(Option<i64>),
    Refund(u128, Option<i64>, RefundTo),
    RefundLines(u128, Vec<(bool, i64)>, u8, RefundTo),
    Edit(u128, i64, i64, i64),
    Fulfill(u128, bool, i64),
    Return(u128, bool, i64),
    Receive(u128, bool, i64, Option<u128>),
    Reject(u128),
    Exchange(u128, u32, i64),
    Cancel,
}

pub fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let to = || {
        prop_oneof![
            3 => Just(RefundTo::Original),
            1 => Just(RefundTo::GiftCard { id: GiftCardId::from_bits(4) }),
            1 => Just(RefundTo::StoreCredit { customer: CustomerId::from_bits(6) }),
        ]
    };
    let amount = || prop::option::of(1_i64..4000);
    let lines = prop::collection::vec((any::<bool>(), 1_i64..3), 0..3);
    let deed = prop_oneof![
        12 => (0_u8..4).prop_map(Deed::Step),
        1 => amount().prop_map(Deed::Capture),
        2 => (1_u128..9, amount(), to()).prop_map(|(id, amount, to)| Deed::Refund(id, amount, to)),
        4 => (1_u128..9, lines, 0_u8..3, to()).prop_map(|(id, lines, ship, to)| Deed::RefundLines(id, lines, ship, to)),
        3 => (1_u128..9, 0_i64..5, 0_i64..4, 0_i64..3).prop_map(|(id, mugs, pots, cups)| Deed::Edit(id, mugs, pots, cups)),
        3 => (1_u128..5, any::<bool>(), 1_i64..4).prop_map(|(id, mug, count)| Deed::Fulfill(id, mug, count)),
        2 => (1_u128..5, any::<bool>(), 1_i64..3).prop_map(|(id, mug, count)| Deed::Return(id, mug, count)),
        3 => (1_u128..5, any::<bool>(), 1_i64..3, prop::option::of(11_u128..15))
            .prop_map(|(id, mug, count, refund)| Deed::Receive(id, mug, count, refund)),
        1 => (1_u128..5).prop_map(Deed::Reject),
        3 => (1_u128..5, 0_u32..3, 0_i64..9).prop_map(|(id, mugs, cups)| Deed::Exchange(id, mugs, cups)),
        1 => Just(Deed::Cancel),
    ];
    prop::collection::vec(deed, 0..60)
}

/// What the provider, the gift cards and the customers' credit have of the order's money, written down by themselves.
#[derive(Debug, Default)]
pub struct World {
    held: i64,
    captured: BTreeMap<u32, i64>,
    refunded: BTreeMap<u32, i64>,
    /// Given onto gift cards and credit.
    given: i64,
    seen: Vec<(RefundId, usize)>,
}

impl World {
    /// Does a step as the saga does, with a provider that does or does not as `luck` says.
    fn step(&mut self, order: &Order, step: Step, luck: u8) -> Option<Command> {
        Some(match step {
            Step::Authorize if luck == 0 && !order.placed.due().unwrap().is_zero() => declined(),
            Step::Authorize => {
                let amount = order.placed.due().unwrap();
                self.held = amount.amount();
                let (reference, provider) = ("sandbox_1".to_owned(), ProviderName::Sandbox);
                Command::RecordAuthorized { amount, reference, provider }
            }
            Step::Capture => {
                let due = order.capturable().unwrap();
                let amount = order.capture_amount.unwrap_or(due).least(due).unwrap();
                assert!(amount.amount() <= self.held, "{amount} of {}", self.held);
                assert!(!self.captured.contains_key(&1), "taken twice");
                self.held = 0;
                self.captured.insert(1, amount.amount());
                Command::RecordCaptured { amount, fee: None }
            }
            Step::Edit => self.edit(order, luck),
            Step::AbandonEdit => {
                Command::RecordEditFailed(order.pending_edit().unwrap().id(), EditFailure::Canceled)
            }
            Step::Refund => self.refund(order, luck)?,
            Step::ReturnMoney => {
                self.held = 0;
                Command::RecordVoided
            }
            Step::Release => {
                let shares = order.tenders_to_give_back().unwrap();
                self.given += shares.iter().map(|share| share.amount.amount()).sum::<i64>();
                // What was paid by hand and never booked is handed back by hand.
                let outside = order.placed.paid_outside.iter().filter(|_| !order.was_captured());
                self.given += outside.map(|paid| paid.amount.amount()).sum::<i64>();
                Command::RecordReleased
            }
            Step::AwaitRefund | Step::Done => return None,
            step => crate::order_life::outcome(order, step),
        })
    }

    fn edit(&mut self, order: &Order, luck: u8) -> Command {
        let edit = order.pending_edit().unwrap();
        let request = &edit.request;
        if let EditStatus::Abandoned(failure) = &edit.status {
            // What the provider took of it meanwhile goes back, and is none of the order's.
            return Command::RecordEditFailed(request.edit, failure.clone());
        }
        if luck == 0 {
            return Command::AbandonEdit(request.edit, EditFailure::Timeout);
        }
        let charge: Option<EditCharge> = charged(request);
        if let Some(charge) = &charge {
            let before = self.captured.insert(charge.number, charge.amount.amount());
            assert_eq!(before, None, "a payment is taken once");
        }
        Command::RecordEdited(request.edit, charge)
    }

    fn refund(&mut self, order: &Order, luck: u8) -> Option<Command> {
        let refund = order.refunds.iter().find(|refund| refund.next_share().is_some()).unwrap();
        let share = refund.next_share().unwrap();
        let amount = share.amount.amount();
        assert!(amount > 0, "a share of nothing");
        match (share.way, luck) {
            (RefundWay::Payment { .. }, 0) => {
                return Some(Command::RecordRefundFailed(refund.id(), RefundFailure::NotTaken));
            }
            // On its way.
            (RefundWay::Payment { .. }, 1) => return None,
            (RefundWay::Payment { number }, _) => {
                let refunded = self.refunded.entry(number).or_default();
                *refunded += amount;
                assert!(*refunded <= self.captured[&number], "more than payment {number} took");
            }
            // It paid for other goods.
            (RefundWay::Exchange { .. }, _) => {}
            _ => self.given += amount,
        }
        self.seen.push((refund.id(), refund.returned));
        let twice = self.seen.iter().filter(|seen| **seen == (refund.id(), refund.returned)).count();
        assert_eq!(twice, 1, "a share went back twice");
        Some(Command::RecordRefundReturned(refund.id(), refund.returned + 1))
    }

    fn paid(&self) -> i64 {
        self.captured.values().sum()
    }

    fn returned(&self) -> i64 {
        self.refunded.values().sum()
    }
}

/// The order and the world after a deed.
fn done(order: Order, world: &mut World, deed: Deed) -> Order {
    let events = events_of(&order, world, deed);
    with(order, events)
}

/// What a deed leads to.
pub fn events_of(order: &Order, world: &mut World, deed: Deed) -> Vec<OrderEvent> {
    let sku = |mug| if mug { "MUG" } else { "POT" };
    let command = match deed {
        Deed::Step(luck) => match world.step(order, next_step(order), luck) {
            Some(command) => {
                return decide(order, command.clone())
                    .unwrap_or_else(|refusal| panic!("the saga's {command:?} is refused: {refusal}"));
            }
            None => return Vec::new(),
        },
        Deed::Capture(amount) => Command::RequestCapture { amount: amount.map(euros), by: STAFF },
        Deed::Refund(id, amount, to) => {
            let wish = amount.map_or(RefundWish::All, |amount| RefundWish::Amount(euros(amount)));
            let id = RefundId::from_bits(id);
            Command::RequestRefund(Box::new(NewRefund { id, wish, to, reason: None, by: STAFF }))
        }
        Deed::RefundLines(id, lines, shipping, to) => {
            let lines = lines.into_iter().map(|(mug, n)| (sku(mug).parse().unwrap(), quantity(n))).collect();
            let shipping = match shipping {
                0 => ShippingWish::None,
                1 => ShippingWish::All,
                _ => ShippingWish::Amount(euros(11)),
            };
            let (id, wish) = (RefundId::from_bits(id), RefundWish::Parts { lines, shipping });
            Command::RequestRefund(Box::new(NewRefund { id, wish, to, reason: None, by: STAFF }))
        }
        Deed::Edit(id, mugs, pots, cups) => {
            let lines: Vec<_> =
                [("MUG", mugs), ("POT", pots), ("CUP", cups)].into_iter().filter(|(_, n)| *n > 0).collect();
            edit(id, order, &lines)
        }
        Deed::Fulfill(id, mug, count) => fulfill(id, Some(&[(sku(mug), count)])),
        Deed::Return(id, mug, count) => come_back(id, &[(sku(mug), count)]),
        Deed::Receive(id, mug, count, refund) => received_back(id, &[(sku(mug), count)], refund),
        Deed::Reject(id) => Command::RejectReturn { id: ReturnId::from_bits(id), reason: None, by: STAFF },
        Deed::Exchange(id, mugs, cups) => exchange(id, order, mugs, cups),
        Deed::Cancel => cancel(),
    };
    decide(order, command).unwrap_or_default()
}

/// What must hold of an order's money at any time.
fn check(order: &Order, world: &World) {
    let amount = |money: Money| money.amount();
    let on_the_way: i64 = order
        .refunds
        .iter()
        .filter(|refund| refund.status == RefundStatus::Pending)
        .flat_map(|refund| &refund.request.shares[refund.returned..])
        .filter(|share| share.way.is_payment())
        .map(|share| amount(share.amount))
        .sum();
    assert_eq!(amount(order.captured), world.paid(), "what was taken");
    assert_eq!(amount(order.refunded), world.returned() + on_the_way, "what went back");
    assert!(amount(order.captured) >= amount(order.refunded), "more went back than was taken");
    assert!(amount(order.kept().unwrap()) >= 0, "more went back than was paid");
    let paid = world.paid() + amount(order.tendered().unwrap());
    assert!(world.returned() + world.given <= paid, "more went out than came");
    let of_edits = |refund: &&Refund| matches!(refund.request.cause, RefundCause::Edited { .. });
    let given: i64 = order
        .refunds
        .iter()
        .filter(|refund| !of_edits(refund))
        .flat_map(Refund::gone)
        .map(|share| amount(share.amount))
        .sum();
    let refused = order.refunds.iter().filter(of_edits).any(|refund| refund.status == RefundStatus::Failed);
    if order.own_charge().is_some() && !order.is_canceled() && !refused {
        let settled = amount(order.kept().unwrap()) + given;
        assert!(settled <= amount(order.total()), "{settled} is paid of {}", order.total());
    }
    for refund in &order.refunds {
        let request = &refund.request;
        let shares: i64 = request.shares.iter().map(|share| amount(share.amount)).sum();
        assert_eq!(shares, amount(request.amount), "the shares of a refund are the refund");
        let parts = request.parts.total(request.amount.currency()).unwrap();
        assert_eq!(parts, request.amount, "the parts of a refund are the refund");
    }
    for (place, line) in order.lines.iter().enumerate() {
        let parts = order.refunds.iter().filter(|refund| refund.status != RefundStatus::Failed);
        let parts: Vec<_> = parts
            .flat_map(|refund| &refund.request.parts.lines)
            .filter(|part| part.line as usize == place)
            .collect();
        let units: u32 = parts.iter().map(|part| part.quantity.get()).sum();
        let given: i64 = parts.iter().map(|part| amount(part.net) + amount(part.tax)).sum();
        let cost = amount(line.payable(order.policy()).unwrap());
        assert!(units <= line.quantity.get() && given <= cost, "{given} of {cost} for {units}");
        assert!(units < line.quantity.get() || given == cost, "all units are worth {cost}, not {given}");
    }
    if order.is_canceled() {
        assert_eq!(world.held, 0, "canceled, and still held");
        assert_eq!(world.returned() + world.given, paid, "canceled, and not all went back");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_orders_money_is_what_the_provider_counts(order in orders(), deeds in deeds()) {
        let mut world = World::default();
        let mut order = with(order.clone(), decide(&order, reserved(Allow)).unwrap());
        for deed in deeds {
            order = done(order, &mut world, deed);
            check(&order, &world);
        }
        // When all goes well from here on, it comes to rest.
        for _ in 0..60 {
            order = done(order, &mut world, Deed::Step(2));
            check(&order, &world);
        }
        prop_assert!(matches!(next_step(&order), Step::Done | Step::AwaitRefund), "{:?}", next_step(&order));
    }

    #[test]
    fn refunds_of_single_units_sum_to_the_whole(order in orders(), first in any::<bool>()) {
        let mut world = World::default();
        let mut order = with(order.clone(), decide(&order, reserved(Allow)).unwrap());
        for _ in 0..3 {
            order = done(order, &mut world, Deed::Capture(None));
            order = done(order, &mut world, Deed::Step(2));
        }
        prop_assert!(order.was_captured());
        let units = [first, !first, true, true, false, false, true, false];
        for (id, mug) in units.into_iter().enumerate() {
            order = done(order, &mut world, Deed::RefundLines(id as u128 + 1, vec![(mug, 1)], 0, RefundTo::Original));
        }
        order = done(order, &mut world, Deed::RefundLines(20, vec![], 1, RefundTo::Original));
        for _ in 0..20 {
            order = done(order, &mut world, Deed::Step(2));
            check(&order, &world);
        }
        prop_assert_eq!(order.kept().unwrap().amount(), 0);
        let free = order.total().is_zero();
        prop_assert!(free || order.payment == PaymentStatus::Refunded, "{:?}", order.payment);
    }
}

#[test]
fn the_saga_ships_while_a_refund_is_on_its_way() {
    let commands = vec![reserved(Allow), authorized(), captured(), refund(1, Some(100)), fulfill(1, None)];
    let order = given(CaptureMethod::Automatic, commands);
    assert_eq!(next_step(&order), Step::Ship(FulfillmentId::from_bits(1)));
}
