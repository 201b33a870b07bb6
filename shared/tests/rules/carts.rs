//! What goes into a cart, and what it comes to.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use souk::{
    cart::{Cart, LineProblem, price},
    catalog::{Offer, ProductStatus, Sku, Variant},
    http::{Code, Problem},
    id::{CartId, ProductId},
    money::{Currency, Money, MoneyError},
    quantity::Quantity,
};

use crate::example::quantity;

fn sku(number: usize) -> Sku {
    format!("SKU-{number}").parse().unwrap()
}

fn cart(currency: &str) -> Cart {
    Cart::new(CartId::from_bits(1), currency.parse().unwrap(), Default::default(), Timestamp::UNIX_EPOCH)
}

fn cart_of(currency: &str, quantities: impl IntoIterator<Item = i64>) -> Cart {
    let mut cart = cart(currency);
    for (number, count) in quantities.into_iter().enumerate() {
        cart.add(sku(number), quantity(count)).unwrap();
    }
    cart
}

fn offer(number: usize, status: ProductStatus, amount: i64, currency: Currency) -> Offer {
    let variant = Variant {
        sku: sku(number),
        options: Default::default(),
        prices: vec![Money::new(amount, currency)],
        compare_at: vec![],
        weight_grams: None,
        images: vec![],
    };
    let name = "Mug".parse().unwrap();
    Offer {
        product: ProductId::from_bits(1),
        name,
        status,
        tags: Default::default(),
        tax_category: None,
        variant,
    }
}

fn code(outcome: Result<(), Problem>) -> Code {
    outcome.unwrap_err().code()
}

#[test]
fn a_sku_has_one_line_whatever_is_added() {
    let mut cart = cart_of("EUR", [2]);
    cart.add(sku(0), quantity(3)).unwrap();
    assert_eq!(cart.lines.iter().map(|line| line.quantity.get()).collect::<Vec<_>>(), [5]);
}

#[test]
fn a_cart_has_at_most_fifty_lines() {
    let mut cart = cart_of("EUR", [1; 49]);
    cart.add(sku(49), quantity(1)).unwrap();
    assert_eq!(code(cart.add(sku(50), quantity(1))), Code::InvalidRequest);
    assert_eq!(cart.lines.len(), 50);
    // More of a line that is there is no new line.
    cart.add(sku(49), quantity(1)).unwrap();
    cart.remove(&sku(0)).unwrap();
    cart.add(sku(50), quantity(1)).unwrap();
}

#[test]
fn a_line_has_one_to_ten_thousand() {
    for (count, valid) in
        [(-1, false), (0, false), (1, true), (10_000, true), (10_001, false), (i64::MAX, false)]
    {
        assert_eq!(Quantity::try_from(count).is_ok(), valid, "{count}");
    }
    let mut cart = cart_of("EUR", [9_999]);
    cart.add(sku(0), quantity(1)).unwrap();
    assert_eq!(code(cart.add(sku(0), quantity(1))), Code::InvalidRequest);
    assert_eq!(cart.lines[0].quantity.get(), 10_000);
}

#[test]
fn what_is_not_in_the_cart_is_neither_set_nor_removed() {
    let mut cart = cart_of("EUR", [1, 1]);
    cart.set(&sku(1), quantity(7)).unwrap();
    assert_eq!(cart.lines[1].quantity.get(), 7);
    cart.remove(&sku(0)).unwrap();
    assert_eq!(code(cart.remove(&sku(0))), Code::NotFound);
    assert_eq!(code(cart.set(&sku(0), quantity(1))), Code::NotFound);
    assert_eq!(cart.lines.len(), 1);
}

#[test]
fn each_change_makes_a_cart_live_thirty_days_more() {
    let mut cart = cart("EUR");
    let later = Timestamp::from_second(1_000_000).unwrap();
    cart.touch(later, 9);
    assert_eq!((cart.version, cart.updated_at), (2, later));
    assert!(!cart.has_expired(Timestamp::from_second(1_000_000 + 30 * 86_400 - 1).unwrap()));
    assert!(cart.has_expired(Timestamp::from_second(1_000_000 + 30 * 86_400).unwrap()));
}

#[test]
fn a_line_says_why_it_cant_be_bought() {
    let cart = cart_of("EUR", [1, 1, 1]);
    let (euros, yen) = ("EUR".parse().unwrap(), "JPY".parse().unwrap());
    let offers = vec![
        None,
        Some(offer(1, ProductStatus::Archived, 5, euros)),
        Some(offer(2, ProductStatus::Active, 5, yen)),
    ];
    let (lines, totals) = price(&cart, offers).unwrap();
    let problems: Vec<_> = lines.into_iter().map(Result::unwrap_err).collect();
    assert_eq!(problems, [LineProblem::Unavailable, LineProblem::Unavailable, LineProblem::NoPrice]);
    assert_eq!(totals.total, Money::zero(euros));
}

#[test]
fn prices_in_currencies_of_no_two_or_three_decimals_are_minor_units() {
    for (currency, total) in [("JPY", "3897 JPY"), ("EUR", "38.97 EUR"), ("KWD", "3.897 KWD")] {
        let offers = vec![Some(offer(0, ProductStatus::Active, 1299, currency.parse().unwrap()))];
        let (_, totals) = price(&cart_of(currency, [3]), offers).unwrap();
        assert_eq!(totals.total.to_string(), total);
    }
}

/// A line of a cart as the store sees it: how many, at what price, and whether it is for sale.
fn line(most: i64) -> impl Strategy<Value = (i64, i64, bool)> {
    (1..=10_000_i64, 0..=most, any::<bool>())
}

fn priced(currency: &str, lines: &[(i64, i64, bool)]) -> Result<(i64, BTreeMap<usize, i64>), MoneyError> {
    let cart = cart_of(currency, lines.iter().map(|line| line.0));
    let status = |sold| if sold { ProductStatus::Active } else { ProductStatus::Archived };
    let offers = lines.iter().enumerate();
    let offers = offers.map(|(at, &(_, amount, sold))| Some(offer(at, status(sold), amount, cart.currency)));
    let (lines, totals) = price(&cart, offers.collect())?;
    assert_eq!(totals.total, totals.subtotal);
    let lines = lines.into_iter().enumerate().filter_map(|(at, line)| Some((at, line.ok()?.total.amount())));
    Ok((totals.total.amount(), lines.collect()))
}

proptest! {
    #[test]
    fn a_cart_comes_to_the_sum_of_the_lines_that_can_be_bought(
        currency in prop::sample::select(vec!["JPY", "EUR", "KWD"]),
        lines in prop::collection::vec(line(10_000_000_000), 0..=50),
    ) {
        let sold = lines.iter().enumerate().filter(|(_, line)| line.2);
        let wanted: BTreeMap<usize, i64> = sold.map(|(at, line)| (at, line.0 * line.1)).collect();
        let (total, made) = priced(currency, &lines).unwrap();
        prop_assert_eq!(total, wanted.values().sum::<i64>());
        prop_assert_eq!(made, wanted);
    }

    /// No catalog has such prices; if one ever does, the cart has no wrong total but none.
    #[test]
    fn a_sum_past_all_bounds_is_an_error(lines in prop::collection::vec(line(i64::MAX), 0..5)) {
        let sold = lines.iter().filter(|line| line.2);
        let wanted: i128 = sold.map(|line| i128::from(line.0) * i128::from(line.1)).sum();
        match priced("EUR", &lines) {
            Ok((total, _)) => prop_assert_eq!(i128::from(total), wanted),
            Err(error) => {
                prop_assert_eq!(error, MoneyError::Overflow);
                prop_assert!(wanted > i128::from(i64::MAX));
            }
        }
    }
}
