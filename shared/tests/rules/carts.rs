//! What goes into a cart.

use jiff::Timestamp;
use souk::{
    cart::Cart,
    catalog::Sku,
    http::{Code, Problem},
    id::CartId,
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
