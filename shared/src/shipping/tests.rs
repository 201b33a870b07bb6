//! Which zone holds a destination, and what its methods cost.

use super::*;
use crate::{
    contact::LocationId,
    http::Problem,
    id::{ShippingMethodId, ShippingZoneId},
    money::Money,
    pricing::Destination,
};

const NOW: &str = "2026-11-22T12:00:00Z";

fn zone(number: u32, json: &str) -> Result<Zone, Problem> {
    let now = NOW.parse().unwrap();
    let mut methods = 0_u32;
    let next = || {
        methods += 1;
        ShippingMethodId::derived(now, &[&number.to_be_bytes(), &methods.to_be_bytes()])
    };
    let id = ShippingZoneId::derived(now, &[&number.to_be_bytes()]);
    let berlin: LocationId = "berlin".parse().unwrap();
    Zone::new(id, serde_json::from_str(json).unwrap(), &[berlin], next, now)
}

/// A zone of `places` with one flat method of that name.
fn flat(number: u32, name: &str, places: &str) -> Zone {
    let method = format!(
        r#"{{"name":"{name}","rates":[{{"currency":"EUR","tiers":[{{"price":{{"amount":{number},"currency":"EUR"}}}}]}}]}}"#
    );
    zone(number, &format!(r#"{{"name":"{name}","places":{places},"methods":[{method}]}}"#)).unwrap()
}

fn to(country: &str, region: &str, postal: &str) -> Destination {
    Destination {
        country: country.parse().unwrap(),
        region: region.parse().ok(),
        postal_code: postal.parse().ok(),
    }
}

fn parcel(subtotal: i64, weight_grams: u64, items: u64) -> Parcel {
    Parcel { subtotal: Money::new(subtotal, "EUR".parse().unwrap()), weight_grams, items }
}

fn prices(zone: &Zone, parcel: Parcel) -> Vec<i64> {
    let found = options(std::slice::from_ref(zone), &to("DE", "", ""), &parcel);
    found.iter().map(|option| option.price.amount()).collect()
}

#[test]
fn the_closest_zone_counts() {
    let zones = [
        flat(1, "world", "[]"),
        flat(2, "Germany", r#"[{"country":"DE"},{"country":"AT"}]"#),
        flat(
            3,
            "islands",
            r#"[{"country":"DE","postal_prefix":"25"},{"country":"DE","postal_prefix":"26"}]"#,
        ),
        flat(4, "Helgoland", r#"[{"country":"DE","postal_prefix":"27498"}]"#),
        flat(5, "Hawaii", r#"[{"country":"US","region":"Hawaii"}]"#),
        flat(6, "US", r#"[{"country":"US"}]"#),
        flat(7, "also US", r#"[{"country":"US"}]"#),
    ];
    for (destination, names) in [
        (to("DE", "", "10115"), vec!["Germany"]),
        (to("AT", "", ""), vec!["Germany"]),
        (to("DE", "", "25 980"), vec!["islands"]),
        (to("DE", "", "27498"), vec!["Helgoland"]),
        (to("US", "hi", "96801"), vec!["Hawaii"]),
        (to("US", "NY", "10001"), vec!["US", "also US"]),
        (to("JP", "", ""), vec!["world"]),
    ] {
        let found = options(&zones, &destination, &parcel(1000, 1, 1));
        let mut found: Vec<&str> = found.iter().map(|option| option.name.as_str()).collect();
        found.sort_unstable();
        let mut names = names;
        names.sort_unstable();
        assert_eq!(found, names, "{:?}", destination.spot());
    }
    assert_eq!(options(&zones[1..2], &to("JP", "", ""), &parcel(1000, 1, 1)), []);
}

#[test]
fn prices_by_weight_price_and_quantity() {
    let tiers = r#"[{"at_most":1000,"price":{"amount":400,"currency":"EUR"}},{"at_most":5000,"price":{"amount":700,"currency":"EUR"}}]"#;
    let of = |basis: &str, rest: &str| {
        let rate = format!(r#"{{"currency":"EUR","basis":"{basis}","tiers":{tiers}{rest}}}"#);
        zone(1, &format!(r#"{{"name":"z","methods":[{{"name":"m","rates":[{rate}]}}]}}"#)).unwrap()
    };
    let weight = of("weight", "");
    assert_eq!(prices(&weight, parcel(9_999_999, 0, 9)), [400]);
    assert_eq!(prices(&weight, parcel(0, 1000, 9)), [400]);
    assert_eq!(prices(&weight, parcel(0, 1001, 9)), [700]);
    assert_eq!(prices(&weight, parcel(0, 5000, 9)), [700]);
    // What is too heavy can't be sent this way.
    assert_eq!(prices(&weight, parcel(0, 5001, 9)), [0; 0]);
    assert_eq!(prices(&of("price", ""), parcel(1001, 0, 1)), [700]);
    assert_eq!(prices(&of("quantity", ""), parcel(1, 9999, 1001)), [700]);
    let free = of("weight", r#","free_from":{"amount":5000,"currency":"EUR"}"#);
    assert_eq!(prices(&free, parcel(4999, 1001, 1)), [700]);
    assert_eq!(prices(&free, parcel(5000, 1001, 1)), [0]);
    assert_eq!(prices(&free, parcel(5000, 5001, 1)), [0; 0]);
}

#[test]
fn only_what_is_active_and_has_the_currency() {
    let json = r#"{"name":"z","methods":[
        {"name":"a","rates":[{"currency":"USD","tiers":[{"price":{"amount":1,"currency":"USD"}}]}]},
        {"name":"b","active":false,"rates":[{"currency":"EUR","tiers":[{"price":{"amount":2,"currency":"EUR"}}]}]},
        {"name":"c","pickup":"berlin","delivery_days":{"min":0,"max":1},"rates":[{"currency":"EUR","tiers":[{"price":{"amount":0,"currency":"EUR"}}]}]}
    ]}"#;
    let zone = zone(1, json).unwrap();
    let found = options(&[zone], &to("DE", "", ""), &parcel(1, 1, 1));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].pickup, "berlin".parse().ok());
    assert_eq!(found[0].delivery_days, Some(DeliveryDays { min: 0, max: 1 }));
}

#[test]
fn a_change_keeps_the_ids_of_methods_it_names() {
    let old = flat(1, "old", "[]");
    let id = old.methods[0].id;
    let rates = r#"[{"currency":"EUR","tiers":[{"price":{"amount":1,"currency":"EUR"}}]}]"#;
    let change = |json: String| {
        let next = || ShippingMethodId::derived(NOW.parse().unwrap(), &[b"new"]);
        old.changed(serde_json::from_str(&json).unwrap(), &[], next, NOW.parse().unwrap())
    };
    let named = format!(r#"{{"id":"{id}","name":"renamed","rates":{rates}}}"#);
    let new = change(format!(r#"{{"methods":[{{"name":"more","rates":{rates}}},{named}]}}"#)).unwrap();
    assert_eq!((new.methods[1].id, new.version), (id, 2));
    assert_ne!(new.methods[0].id, id);
    assert!(change(format!(r#"{{"methods":[{named},{named}]}}"#)).is_err());
    let foreign = flat(2, "other", "[]").methods[0].id;
    assert!(change(format!(r#"{{"methods":[{{"id":"{foreign}","name":"x","rates":{rates}}}]}}"#)).is_err());
}

#[test]
fn what_is_no_zone() {
    let eur = |amount: i64| format!(r#"{{"amount":{amount},"currency":"EUR"}}"#);
    let with_rates =
        |rates: &str| zone(1, &format!(r#"{{"name":"z","methods":[{{"name":"m","rates":[{rates}]}}]}}"#));
    let one = format!(r#"{{"currency":"EUR","tiers":[{{"price":{}}}]}}"#, eur(1));
    assert!(with_rates(&one).is_ok());
    for (why, rates) in [
        ("no price", String::new()),
        ("two of a currency", format!("{one},{one}")),
        (
            "another currency",
            r#"{"currency":"EUR","tiers":[{"price":{"amount":1,"currency":"USD"}}]}"#.to_owned(),
        ),
        ("below zero", format!(r#"{{"currency":"EUR","tiers":[{{"price":{}}}]}}"#, eur(-1))),
        ("no tier", r#"{"currency":"EUR","tiers":[]}"#.to_owned()),
        ("flat with an end", format!(r#"{{"currency":"EUR","tiers":[{{"at_most":1,"price":{}}}]}}"#, eur(1))),
        (
            "steps that go down",
            format!(
                r#"{{"currency":"EUR","basis":"weight","tiers":[{{"at_most":2,"price":{0}}},{{"at_most":2,"price":{0}}}]}}"#,
                eur(1)
            ),
        ),
        (
            "an end after no end",
            format!(
                r#"{{"currency":"EUR","basis":"weight","tiers":[{{"price":{0}}},{{"at_most":2,"price":{0}}}]}}"#,
                eur(1)
            ),
        ),
    ] {
        assert!(with_rates(&rates).is_err(), "{why}");
    }
    assert!(
        zone(
            1,
            r#"{"name":"z","places":[{"country":"US","region":"CA"},{"country":"US","region":"California"}]}"#
        )
        .is_err()
    );
    let away = format!(r#"{{"name":"z","methods":[{{"name":"m","pickup":"rome","rates":[{one}]}}]}}"#);
    assert!(zone(1, &away).is_err());
    let late = format!(
        r#"{{"name":"z","methods":[{{"name":"m","delivery_days":{{"min":3,"max":2}},"rates":[{one}]}}]}}"#
    );
    assert!(zone(1, &late).is_err());
}
