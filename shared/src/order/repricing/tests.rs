use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::{
    id::OrderId,
    order::{OrderEvent, evolve},
};

fn euros(amount: i64) -> Money {
    Money::new(amount, "EUR".parse().unwrap())
}

/// Three mugs at 9.00 of which 7.00 are off, one more that is given away, two pots at 25.00, and shipping for 5.00; all
/// taxed by 19 %, which prices hold where `inclusive`.
fn order(inclusive: bool) -> Order {
    let money = |amount: i64| json!({"amount": amount, "currency": "EUR"});
    let tax = |base: i64| {
        let rate: crate::money::Percent = "19".parse().unwrap();
        let amount = if inclusive { rate.within(euros(base)) } else { rate.of(euros(base)) };
        let net = if inclusive { base - amount.amount() } else { base };
        json!([{"name": "VAT DE", "rate": "19", "taxable": money(net), "amount": amount}])
    };
    let promotion = "promo_01k1x9pz00e2jt2q3n4p5r6s7t";
    let line = |sku: &str, count: i64, price: i64, discount: i64| {
        json!({
            "sku": sku, "product_id": "prod_01k1x9pz00e2jt2q3n4p5r6s7t", "name": sku, "options": {}, "quantity": count,
            "unit_price": money(price), "total": money(price * count),
            "discounts": [{"promotion": promotion, "amount": money(discount)}], "taxes": tax(price * count - discount),
        })
    };
    let lines = json!([line("MUG", 3, 900, 700), line("POT", 2, 2500, 0), line("MUG", 1, 0, 0)]);
    let taxes =
        [2000, 5000, 500].map(|base| tax(base)[0]["amount"]["amount"].as_i64().unwrap()).iter().sum::<i64>();
    let added = if inclusive { 0 } else { taxes };
    let mut totals = json!({
        "subtotal": money(7700), "discount": money(700), "shipping": money(500), "tax": money(added),
        "total": money(7500 + added),
    });
    if inclusive {
        totals["tax_included"] = money(taxes);
    }
    let placed = json!({
        "number": "K7Q2M-9F4ZT", "cart": "cart_01k1x9pz00e2jt2q3n4p5r6s7t", "cart_version": 1, "attempt": 1,
        "lines": lines, "totals": totals, "payment_method": "pm_card_visa", "capture_method": "automatic",
        "contact": {
            "email": "ada@example.com", "shipping_address": {"line1": "1", "city": "Berlin", "country": "DE"},
        },
        "pricing": {
            "policy": {"rounding": "line", "prices_include_tax": inclusive}, "at": "2026-03-01T09:00:00Z",
            "promotions": [{"id": promotion, "name": "Spring", "amount": money(700)}],
            "shipping": {
                "method": "ship_01k1x9pz00e2jt2q3n4p5r6s7t", "name": "Post", "price": money(500), "taxes": tax(500),
            },
        },
    });
    let placed = OrderEvent::read("order.placed", OrderEvent::VERSION, &placed).unwrap();
    evolve(OrderId::from_bits(1), None, placed, Timestamp::UNIX_EPOCH).unwrap()
}

/// The order with these: its totals, and its lines' quantities.
fn changed(order: &Order, changes: &[(&str, u32)]) -> (Version, Pricing) {
    let changes = changes.iter().map(|(sku, count)| (sku.parse().unwrap(), *count)).collect();
    let (version, pricing) = totaled(order, kept(order, &changes).unwrap()).unwrap();
    (version, pricing.unwrap())
}

fn quantities(version: &Version) -> Vec<u32> {
    version.lines.iter().map(|line| line.quantity.get()).collect()
}

#[test]
fn what_does_not_change_comes_to_the_same() {
    for inclusive in [true, false] {
        let order = order(inclusive);
        let (version, pricing) = changed(&order, &[("POT", 2)]);
        assert_eq!((version.lines, version.totals), (order.lines.clone(), order.totals.clone()));
        let tax = order.totals.tax_included.unwrap_or(order.totals.tax);
        assert_eq!(pricing.taxes[0].amount, tax);
    }
}

#[test]
fn fewer_have_their_share_of_the_discount_and_the_tax_of_what_is_left() {
    let (version, pricing) = changed(&order(false), &[("MUG", 2), ("POT", 0)]);
    assert_eq!(quantities(&version), [2]);
    let line = &version.lines[0];
    assert_eq!((line.total, line.discount()), (euros(1800), Ok(euros(467))));
    assert_eq!(line.tax(), Ok(euros(253)), "19 % of 13.33");
    assert_eq!(version.totals.total, euros(1800 - 467 + 500 + 253 + 95));
    assert_eq!(pricing.promotions[0].amount, euros(467));
}

#[test]
fn more_are_not_discounted_and_go_to_the_line_that_is_paid() {
    let (version, _) = changed(&order(true), &[("MUG", 6)]);
    assert_eq!(quantities(&version), [5, 2, 1]);
    let line = &version.lines[0];
    assert_eq!((line.total, line.discount()), (euros(4500), Ok(euros(700))));
    assert_eq!(line.tax(), Ok(euros(607)), "the 19 % within 38.00");
    assert_eq!(version.totals.total, euros(3800 + 5000 + 500));
    // What is taken off is taken off what is given away first.
    let (version, _) = changed(&order(true), &[("MUG", 3)]);
    assert_eq!(quantities(&version), [3, 2]);
}

#[test]
fn the_totals_are_always_the_sum() {
    for inclusive in [true, false] {
        for mugs in 0..8 {
            for pots in 0..4 {
                let (version, _) = changed(&order(inclusive), &[("MUG", mugs), ("POT", pots)]);
                let totals = version.totals;
                let sum = totals.subtotal.amount() - totals.discount.amount()
                    + totals.shipping.amount()
                    + totals.tax.amount();
                assert_eq!(totals.total.amount(), sum);
                assert!(
                    version.lines.iter().all(|line| line.discount().unwrap().amount() <= line.total.amount())
                );
            }
        }
    }
}
