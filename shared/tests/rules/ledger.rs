//! The books balance, whatever happens to an order in whatever order, and come to what is meant.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use souk::{
    gift_card::{Change, Happened},
    id::{CustomerId, GiftCardId, OrderId, RefundId},
    ledger::{Account, Lines, Side, TrialBalance, Turnovers, of_change, of_order},
    money::{Currency, Money},
    order::{
        CancelCause, Order, OrderEvent, Placed, RefundCause, RefundParts, RefundRequest, RefundShare,
        RefundTo, RefundWay, evolve,
    },
    payment::{CaptureMethod::Automatic, DisputeStatus},
    pricing::{PaidOutside, Tender, TenderKind},
    totals::Totals,
};

use crate::example;

/// What is booked.
#[derive(Default)]
struct Books(Turnovers);

impl Books {
    fn post(&mut self, lines: Option<&Lines>) {
        for line in lines.into_iter().flat_map(Lines::iter) {
            let sum = self.0.entry((line.amount.currency(), line.account)).or_default();
            match line.side {
                Side::Debit => sum.debit += line.amount.amount(),
                Side::Credit => sum.credit += line.amount.amount(),
            }
        }
        for total in TrialBalance::of(&self.0).unwrap().totals {
            assert_eq!(total.debit, total.credit, "after every posting");
        }
    }

    /// What an account comes to, on the side on which it grows.
    fn of(&self, account: Account) -> i64 {
        let sums = self.0.iter().filter(|((_, of), _)| *of == account);
        sums.map(|(_, sum)| sum.on(account.side()).unwrap()).sum()
    }
}

/// A sale: its totals, what gift card and store credit pay of it, and what is paid past the providers.
#[derive(Clone, Debug)]
struct Sale {
    totals: Totals,
    tenders: Vec<Tender>,
    outside: bool,
}

fn tenders(card: i64, credit: i64, currency: Currency) -> Vec<Tender> {
    let kinds = [
        (TenderKind::GiftCard { id: GiftCardId::from_bits(1) }, card),
        (TenderKind::StoreCredit { customer: CustomerId::from_bits(1) }, credit),
    ];
    let tender = |(kind, amount)| Tender { kind, amount: Money::new(amount, currency) };
    kinds.into_iter().filter(|(_, amount)| *amount > 0).map(tender).collect()
}

prop_compose! {
    fn sale()(
        code in prop::sample::select(vec!["EUR", "JPY", "KWD"]),
        subtotal in 1_i64..1_000_000, shipping in 0_i64..10_000,
        parts in (0_i64..=100, 0_i64..30, 0_i64..=100, 0_i64..=100),
        included in any::<bool>(), outside in any::<bool>(),
    ) -> Sale {
        let currency: Currency = code.parse().unwrap();
        let money = |amount| Money::new(amount, currency);
        let (off, rate, card, credit) = parts;
        let discount = subtotal * off / 100;
        let net = subtotal - discount + shipping;
        let tax = net * rate / (if included { 100 + rate } else { 100 });
        let total = if included { net } else { net + tax };
        let card = total * card / 200;
        Sale {
            totals: Totals {
                subtotal: money(subtotal),
                discount: money(discount),
                shipping: money(shipping),
                tax: money(if included { 0 } else { tax }),
                total: money(total),
                tax_included: included.then_some(money(tax)),
            },
            tenders: tenders(card, (total - card) * credit / 200, currency),
            outside,
        }
    }
}

impl Sale {
    fn order(&self) -> Order {
        let (totals, tenders) = (self.totals.clone(), self.tenders.clone());
        let mut placed = Placed { totals, tenders, ..example::placed(Automatic) };
        let due = placed.due().unwrap();
        if self.outside && !due.is_zero() {
            placed.paid_outside = Some(PaidOutside { method: "cash".parse().unwrap(), amount: due });
        }
        example::order_of(placed)
    }

    fn tax(&self) -> i64 {
        self.totals.tax_included.unwrap_or(self.totals.tax).amount()
    }

    /// Books what happened to every balance that paid.
    fn balances(&self, books: &mut Books, happened: Happened) {
        for tender in &self.tenders {
            let order = Some(OrderId::from_bits(1));
            let change = Change { amount: tender.amount, cause: "it".to_owned(), order, reason: None };
            books.post(of_change(&tender.kind, happened, &change).unwrap().as_ref());
        }
    }
}

/// Books `event` and lets it happen.
fn happen(books: &mut Books, order: Order, event: OrderEvent) -> Order {
    books.post(of_order(&order, &event).unwrap().as_ref());
    evolve(order.id, Some(order), event, Timestamp::UNIX_EPOCH).unwrap()
}

fn captured_of(amount: Money) -> OrderEvent {
    OrderEvent::PaymentCaptured { amount, fee: None, provider: Default::default() }
}

/// Asks for a refund of these shares.
fn refund(id: u128, shares: Vec<RefundShare>, cause: RefundCause) -> OrderEvent {
    let currency = shares[0].amount.currency();
    let amount = Money::sum(shares.iter().map(|share| share.amount), currency).unwrap();
    OrderEvent::RefundRequested(Box::new(RefundRequest {
        refund: RefundId::from_bits(id),
        amount,
        parts: RefundParts::adjustment(amount),
        to: RefundTo::Original,
        shares,
        cause,
        reason: None,
        by: example::STAFF,
    }))
}

fn share(way: RefundWay, amount: Money) -> RefundShare {
    RefundShare { way, amount }
}

fn canceled() -> OrderEvent {
    OrderEvent::Canceled { cause: CancelCause::Requested }
}

proptest! {
    #[test]
    fn a_capture_books_the_whole_sale(sale in sale(), short in 0_i64..=100) {
        let mut books = Books::default();
        sale.balances(&mut books, Happened::Issued);
        sale.balances(&mut books, Happened::Redeemed);
        let order = sale.order();
        let due = order.placed.due().unwrap();
        let captured = Money::new(due.amount() * short / 100, due.currency());
        let order_outside = order.placed.paid_outside.clone();
        happen(&mut books, order, OrderEvent::PaymentCaptured { amount: captured, fee: None, provider: Default::default() });
        let totals = &sale.totals;
        let earned = books.of(Account::Sales) + books.of(Account::Shipping) + books.of(Account::Tax)
            - books.of(Account::Discounts);
        prop_assert_eq!(earned, totals.total.amount());
        prop_assert_eq!(books.of(Account::Tax), sale.tax());
        prop_assert_eq!(books.of(Account::Discounts), totals.discount.amount());
        let outside: i64 = order_outside.iter().map(|paid| paid.amount.amount()).sum();
        prop_assert_eq!(books.of(Account::OutsidePayments), outside);
        prop_assert_eq!(books.of(Account::ProviderClearing), captured.amount());
        prop_assert_eq!(books.of(Account::Receivable), due.amount() - captured.amount());
        prop_assert_eq!(books.of(Account::Deposits), 0);
        prop_assert_eq!(books.of(Account::GiftCardLiability), 0);
        prop_assert_eq!(books.of(Account::StoreCredit), 0);
    }

    #[test]
    fn what_is_canceled_leaves_nothing_owed(sale in sale(), parts in prop::collection::vec(1_u64..50, 1..5), short in 0_i64..=100) {
        let mut books = Books::default();
        sale.balances(&mut books, Happened::Issued);
        sale.balances(&mut books, Happened::Redeemed);
        let order = sale.order();
        let due = order.placed.due().unwrap();
        let captured = Money::new(due.amount() * short / 100, due.currency());
        let mut order = happen(&mut books, order, captured_of(captured));
        // What the provider took goes back in parts; the last one gives back to cards and credit too.
        let pieces = captured.split(&parts);
        let last = pieces.len() as u128 - 1;
        for (number, piece) in (0..).zip(pieces) {
            let mut shares = vec![share(RefundWay::Payment { number: 1 }, piece)];
            if number == last {
                let tenders = sale.tenders.iter().map(|tender| share(tender.kind.into(), tender.amount));
                shares.extend(tenders);
                let outside = order.placed.paid_outside.iter();
                shares.extend(outside.map(|paid| share(RefundWay::Outside, paid.amount)));
            }
            let id = RefundId::from_bits(number);
            let several = shares.len() > 1;
            order = happen(&mut books, order, refund(number, shares, RefundCause::Canceled));
            if several {
                order = happen(&mut books, order, OrderEvent::RefundShareReturned { refund: id, shares: 1 });
            }
            order = happen(&mut books, order, OrderEvent::RefundSucceeded { refund: id });
        }
        happen(&mut books, order, canceled());
        sale.balances(&mut books, Happened::Returned);
        let gone = [Account::ProviderClearing, Account::OutsidePayments, Account::Receivable, Account::Deposits];
        for nothing in gone {
            prop_assert_eq!(books.of(nothing), 0, "{}", nothing);
        }
        if short == 100 {
            prop_assert_eq!(books.of(Account::Tax), 0);
        }
        let earned = books.of(Account::Sales) + books.of(Account::Shipping) + books.of(Account::Tax)
            - books.of(Account::Discounts) - books.of(Account::Refunds);
        prop_assert_eq!(earned, 0);
        let paid: i64 = sale.tenders.iter().map(|tender| tender.amount.amount()).sum();
        prop_assert_eq!(books.of(Account::GiftCardLiability) + books.of(Account::StoreCredit), paid);
    }

    #[test]
    fn what_was_taken_before_the_order_heard_of_it_comes_to_nothing(sale in sale()) {
        let mut books = Books::default();
        let order = sale.order();
        let due = order.placed.due().unwrap();
        let order = happen(&mut books, order, OrderEvent::PaymentRefunded { amount: due });
        happen(&mut books, order, canceled());
        for account in Account::ALL {
            prop_assert_eq!(books.of(*account), 0, "{}", account);
        }
    }

    #[test]
    fn any_sequence_of_events_balances(
        sale in sale(), events in prop::collection::vec((0_u8..5, 0_i64..1_000_000), 0..12),
    ) {
        let (mut books, mut order) = (Books::default(), sale.order());
        let currency = order.total().currency();
        let (mut taken, mut given) = (0, 0);
        for (kind, amount) in events {
            let money = Money::new(amount, currency);
            let event = match kind {
                0 => OrderEvent::PaymentCaptured { amount: money, fee: None, provider: Default::default() },
                1 => OrderEvent::PaymentRefunded { amount: money },
                2 => canceled(),
                3 => OrderEvent::Confirmed {},
                _ => OrderEvent::PaymentVoided {},
            };
            taken += if kind == 0 { amount } else { 0 };
            let known = order.timeline.iter().any(|entry| entry.kind == "order.payment_captured");
            given += if kind == 1 && known { amount } else { 0 };
            order = happen(&mut books, order, event);
        }
        prop_assert_eq!(books.of(Account::ProviderClearing), taken - given);
    }

    #[test]
    fn the_order_of_postings_makes_no_difference(sale in sale(), seed in any::<u64>()) {
        let order = sale.order();
        let due = order.placed.due().unwrap();
        let captured = OrderEvent::PaymentCaptured { amount: due, fee: None, provider: Default::default() };
        let after = evolve(order.id, Some(order.clone()), captured.clone(), Timestamp::UNIX_EPOCH).unwrap();
        let refunded = OrderEvent::PaymentRefunded { amount: due };
        let mut postings =
            [of_order(&order, &captured).unwrap(), of_order(&after, &refunded).unwrap()];
        let (mut once, mut shuffled) = (Books::default(), Books::default());
        postings.iter().for_each(|lines| once.post(lines.as_ref()));
        if seed % 2 == 0 {
            postings.reverse();
        }
        postings.iter().for_each(|lines| shuffled.post(lines.as_ref()));
        prop_assert_eq!(once.0, shuffled.0);
    }
}

#[test]
fn fees_and_disputes_are_taken_from_what_the_provider_has() {
    let eur = example::euros;
    let mut books = Books::default();
    let order = example::order_of(example::placed(Automatic));
    let captured =
        OrderEvent::PaymentCaptured { amount: eur(7700), fee: Some(eur(250)), provider: Default::default() };
    let order = happen(&mut books, order, captured);
    assert_eq!((books.of(Account::ProviderClearing), books.of(Account::Fees)), (7450, 250));
    let (reference, provider) = ("dp_1".to_owned(), Default::default());
    let opened = OrderEvent::DisputeOpened {
        reference: reference.clone(),
        payment: 1,
        amount: eur(7700),
        fee: Some(eur(1500)),
        provider,
    };
    let order = happen(&mut books, order, opened);
    assert_eq!((books.of(Account::ProviderClearing), books.of(Account::Disputes)), (-1750, 7700));
    let closed = |outcome| OrderEvent::DisputeClosed {
        reference: reference.clone(),
        payment: 1,
        amount: eur(7700),
        outcome,
        provider,
    };
    assert_eq!(of_order(&order, &closed(DisputeStatus::Lost)).unwrap(), None);
    happen(&mut books, order, closed(DisputeStatus::Won));
    assert_eq!((books.of(Account::ProviderClearing), books.of(Account::Disputes)), (5950, 0));
}

#[test]
fn tax_that_prices_hold_is_taken_out_of_them() {
    let eur = example::euros;
    let totals = Totals { tax_included: Some(eur(1229)), ..Totals::of_lines(eur(7700)) };
    let order = example::order_of(Placed { totals, ..example::placed(Automatic) });
    let lines = of_order(
        &order,
        &OrderEvent::PaymentCaptured { amount: eur(7700), fee: None, provider: Default::default() },
    )
    .unwrap()
    .unwrap();
    let booked: BTreeMap<_, _> =
        lines.iter().map(|line| ((line.account, line.side), line.amount.amount())).collect();
    let expected = BTreeMap::from([
        ((Account::ProviderClearing, Side::Debit), 7700),
        ((Account::Sales, Side::Credit), 6471),
        ((Account::Tax, Side::Credit), 1229),
    ]);
    assert_eq!(booked, expected);
}

#[test]
fn what_moves_no_money_is_not_booked() {
    let order = example::order_of(example::placed(Automatic));
    for event in [OrderEvent::Confirmed {}, OrderEvent::PaymentVoided {}, canceled()] {
        assert_eq!(of_order(&order, &event).unwrap(), None);
    }
    let change = Change { amount: example::euros(0), cause: "2".to_owned(), order: None, reason: None };
    let card = TenderKind::GiftCard { id: GiftCardId::from_bits(1) };
    for happened in [Happened::Disabled, Happened::Enabled] {
        assert_eq!(of_change(&card, happened, &change).unwrap(), None);
    }
}
