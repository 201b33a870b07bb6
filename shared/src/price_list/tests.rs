//! Which list says what one costs.

use proptest::prelude::*;

use super::*;
use crate::{id::PriceListId, money::Money, pricing::CustomerGroup, quantity::Quantity};

const NOW: &str = "2026-11-22T12:00:00Z";

fn eur(amount: i64) -> Money {
    Money::new(amount, "EUR".parse().unwrap())
}

fn quantity(number: u32) -> Quantity {
    i64::from(number).try_into().unwrap()
}

/// A list, as staff write it; the ones with the greater numbers are the younger ones.
fn list(number: i8, rest: &str) -> PriceList {
    let at: jiff::Timestamp = NOW.parse().unwrap();
    let id = PriceListId::derived(at + jiff::SignedDuration::from_secs(number.into()), &[b"list"]);
    let json = format!(r#"{{"name":"l{number}","currency":"EUR"{rest}}}"#);
    PriceList::new(id, serde_json::from_str(&json).unwrap(), at).unwrap()
}

/// An entry for `MUG`, of prices by the quantity they begin at.
fn entry(list: &PriceList, tiers: &[(u32, i64)]) -> Entry {
    let tiers =
        tiers.iter().map(|&(from, amount)| PriceTier { min_quantity: quantity(from), price: eur(amount) });
    Entry::new(list, EntryInput { sku: "MUG".parse().unwrap(), tiers: tiers.collect() }).unwrap()
}

fn of(
    catalog: Option<i64>,
    lists: &[PriceList],
    entries: &[Entry],
    taken: u32,
    group: Option<&str>,
) -> Option<Resolved> {
    let group: Option<CustomerGroup> = group.map(|group| group.parse().unwrap());
    let sku = "MUG".parse().unwrap();
    let (currency, at) = ("EUR".parse().unwrap(), NOW.parse().unwrap());
    resolve(currency, catalog.map(eur), lists, entries, (&sku, quantity(taken)), group.as_ref(), at).unwrap()
}

fn says(list: Option<&PriceList>, amount: i64) -> Option<Resolved> {
    Some(Resolved { unit_price: eur(amount), price_list: list.map(|list| list.id) })
}

#[test]
fn the_catalog_where_no_list_applies() {
    assert_eq!(of(Some(1000), &[], &[], 1, None), says(None, 1000));
    assert_eq!(of(None, &[], &[], 1, None), None);
    for rest in [
        r#","groups":["wholesale"]"#,
        r#","starts_at":"2026-11-22T12:00:01Z""#,
        r#","ends_at":"2026-11-22T12:00:00Z""#,
    ] {
        let list = list(1, rest);
        let entry = entry(&list, &[(1, 500)]);
        assert_eq!(of(Some(1000), &[list], &[entry], 1, Some("vip")), says(None, 1000), "{rest}");
    }
    let archived = list(1, "").archived(NOW.parse().unwrap());
    let entry = entry(&archived, &[(1, 500)]);
    assert_eq!(of(Some(1000), &[archived], &[entry], 1, None), says(None, 1000));
}

#[test]
fn lists_for_groups_and_in_their_time() {
    let rest =
        r#","groups":["wholesale"],"starts_at":"2026-11-22T12:00:00Z","ends_at":"2026-11-22T12:00:01Z""#;
    let list = list(1, rest);
    let entry = entry(&list, &[(1, 500)]);
    let one = std::slice::from_ref(&list);
    assert_eq!(
        of(Some(1000), one, std::slice::from_ref(&entry), 1, Some("wholesale")),
        says(Some(&list), 500)
    );
    assert_eq!(of(Some(1000), one, &[entry], 1, None), says(None, 1000));
}

#[test]
fn tiers_by_quantity() {
    let list = list(1, "");
    let entry = entry(&list, &[(2, 900), (10, 800)]);
    for (taken, found) in [
        (1, says(None, 1000)),
        (2, says(Some(&list), 900)),
        (9, says(Some(&list), 900)),
        (10, says(Some(&list), 800)),
        (10_000, says(Some(&list), 800)),
    ] {
        let lists = std::slice::from_ref(&list);
        assert_eq!(of(Some(1000), lists, std::slice::from_ref(&entry), taken, None), found, "{taken}");
    }
}

#[test]
fn the_higher_priority_then_the_lower_price() {
    let (low, high, twin) = (list(1, ""), list(2, r#","priority":5"#), list(3, r#","priority":5"#));
    let lists = [low.clone(), high.clone(), twin.clone()];
    let cheap = entry(&low, &[(1, 100)]);
    let dear = entry(&high, &[(1, 1200)]);
    // A list may be dearer than the catalog, and the lower price of a lower priority doesn't count.
    assert_eq!(of(Some(1000), &lists, &[cheap.clone(), dear.clone()], 1, None), says(Some(&high), 1200));
    let less = entry(&twin, &[(1, 1100)]);
    assert_eq!(
        of(Some(1000), &lists, &[cheap.clone(), dear.clone(), less], 1, None),
        says(Some(&twin), 1100)
    );
    let same = entry(&twin, &[(1, 1200)]);
    assert_eq!(of(Some(1000), &lists, &[same, dear], 1, None), says(Some(&high), 1200));
    // A list that has no price for it doesn't stand in the way.
    assert_eq!(of(Some(1000), &lists, &[cheap], 1, None), says(Some(&low), 100));
}

#[test]
fn percentages_and_sales() {
    let percent = list(1, r#","percent_off":"10""#);
    let one = std::slice::from_ref(&percent);
    assert_eq!(of(Some(1005), one, &[], 1, None), says(Some(&percent), 904));
    assert_eq!(of(None, one, &[], 1, None), None);
    let own = entry(&percent, &[(5, 700)]);
    assert_eq!(of(Some(1000), one, std::slice::from_ref(&own), 5, None), says(Some(&percent), 700));
    assert_eq!(of(Some(1000), one, &[own], 1, None), says(Some(&percent), 900));

    // A sale takes off what the group pays, whatever its priority.
    let wholesale = list(2, r#","groups":["wholesale"],"priority":100"#);
    let sale = list(3, r#","type":"sale","percent_off":"50""#);
    let lists = [wholesale.clone(), sale.clone()];
    let price = entry(&wholesale, &[(1, 600)]);
    assert_eq!(
        of(Some(1000), &lists, std::slice::from_ref(&price), 1, Some("wholesale")),
        says(Some(&sale), 300)
    );
    assert_eq!(of(Some(1000), &lists, std::slice::from_ref(&price), 1, None), says(Some(&sale), 500));
    // And never raises it.
    let dear = entry(&sale, &[(1, 700)]);
    assert_eq!(of(Some(1000), &lists, &[price, dear], 1, Some("wholesale")), says(Some(&wholesale), 600));
    // A list alone can price what the catalog has no price for.
    let alone = entry(&wholesale, &[(1, 600)]);
    assert_eq!(of(None, &lists[..1], &[alone], 1, Some("wholesale")), says(Some(&wholesale), 600));
}

#[test]
fn what_is_no_list_and_no_entry() {
    let backwards = r#"{"name":"x","currency":"EUR","starts_at":"2026-01-02T00:00:00Z","ends_at":"2026-01-01T00:00:00Z"}"#;
    let id = PriceListId::derived(NOW.parse().unwrap(), &[b"x"]);
    assert!(PriceList::new(id, serde_json::from_str(backwards).unwrap(), NOW.parse().unwrap()).is_err());
    let list = list(1, "");
    for (why, tiers) in [
        ("none", "[]"),
        ("another currency", r#"[{"price":{"amount":1,"currency":"USD"}}]"#),
        ("below zero", r#"[{"price":{"amount":-1,"currency":"EUR"}}]"#),
        (
            "not going up",
            r#"[{"min_quantity":2,"price":{"amount":1,"currency":"EUR"}},{"min_quantity":2,"price":{"amount":1,"currency":"EUR"}}]"#,
        ),
    ] {
        let input = serde_json::from_str(&format!(r#"{{"sku":"MUG","tiers":{tiers}}}"#)).unwrap();
        assert!(Entry::new(&list, input).is_err(), "{why}");
    }
}

proptest! {
    #[test]
    fn a_price_is_somebodys_and_sales_never_raise_it(
        catalog in prop::option::of(0_i64..100_000),
        lists in prop::collection::vec((any::<bool>(), -2_i32..3, prop::option::of(0_u32..=100), prop::option::of(0_i64..100_000)), 0..8),
        taken in 1_u32..20,
    ) {
        let (mut all, mut entries) = (Vec::new(), Vec::new());
        for (number, (sale, priority, percent, price)) in (0..).zip(lists) {
            let kind = if sale { "sale" } else { "list" };
            let percent = percent.map_or(String::new(), |percent| format!(r#","percent_off":"{percent}""#));
            let list = list(number, &format!(r#","type":"{kind}","priority":{priority}{percent}"#));
            entries.extend(price.map(|price| entry(&list, &[(3, price)])));
            all.push(list);
        }
        let found = of(catalog, &all, &entries, taken, None);
        let without_sales: Vec<PriceList> =
            all.iter().filter(|list| list.kind == ListKind::List).cloned().collect();
        let base = of(catalog, &without_sales, &entries, taken, None);
        if let (Some(found), Some(base)) = (found, base) {
            prop_assert!(found.unit_price.amount() <= base.unit_price.amount());
            prop_assert!(found.unit_price.amount() >= 0);
        }
        prop_assert!(found.is_some() >= base.is_some());
        if let Some(Resolved { unit_price, price_list: None }) = found {
            prop_assert_eq!(Some(unit_price), catalog.map(eur));
        }
        // The order in which lists and entries are read doesn't matter.
        all.reverse();
        entries.reverse();
        prop_assert_eq!(of(catalog, &all, &entries, taken, None), found);
    }
}
