//! Which rows apply, and what they come to.

use proptest::prelude::*;

use super::*;
use crate::{
    id::TaxRateId,
    money::{Money, Percent},
    pricing::{Destination, PricePolicy, Rounding, Tax, TaxCategory, TaxPayer},
};

const NOW: &str = "2026-11-22T12:00:00Z";

fn money(amount: i64, code: &str) -> Money {
    Money::new(amount, code.parse().unwrap())
}

fn eur(amount: i64) -> Money {
    money(amount, "EUR")
}

/// A row, as staff write it. The later ones have the greater ids.
fn row(number: u32, json: &str) -> TaxRate {
    let id = TaxRateId::derived(NOW.parse().unwrap(), &[&number.to_be_bytes()]);
    TaxRate::new(id, serde_json::from_str(json).unwrap(), NOW.parse().unwrap()).unwrap()
}

fn rules(rows: &[&str]) -> TaxRules {
    let rows = (0..).zip(rows).map(|(number, json)| row(number, json)).collect();
    let origin = r#"{"country":"DE","vat_id":"DE136695976"}"#;
    TaxRules::new(rows, Some(serde_json::from_str(origin).unwrap()), NOW.parse().unwrap())
}

fn german() -> TaxRules {
    rules(&[
        r#"{"name":"VAT DE","place":{"country":"DE"},"rate":"19"}"#,
        r#"{"name":"VAT DE 7","place":{"country":"DE"},"category":"books","rate":"7"}"#,
        r#"{"name":"VAT FR","place":{"country":"FR"},"rate":"20"}"#,
    ])
}

fn american() -> TaxRules {
    rules(&[
        r#"{"name":"NY","place":{"country":"US","region":"New York"},"rate":"4","shipping":"taxed"}"#,
        r#"{"name":"NY City","place":{"country":"US","region":"NY","postal_prefix":"100"},"layer":"local","rate":"4.875"}"#,
        r#"{"name":"NY clothes","place":{"country":"US","region":"NY"},"category":"clothes","rate":"0"}"#,
    ])
}

fn to(country: &str, region: &str, postal: &str) -> Destination {
    Destination {
        country: country.parse().unwrap(),
        region: region.parse().ok(),
        postal_code: postal.parse().ok(),
    }
}

fn policy(rounding: Rounding, prices_include_tax: bool) -> PricePolicy {
    PricePolicy { rounding, prices_include_tax }
}

fn category(text: &str) -> Option<TaxCategory> {
    text.parse().ok()
}

/// Taxes of lines given as category and amount.
fn of(
    rules: &TaxRules,
    lines: &[(&str, Money)],
    shipping: Option<Money>,
    policy: PricePolicy,
    payer: &TaxPayer,
    destination: Option<&Destination>,
) -> Taxes {
    let categories: Vec<_> = lines.iter().map(|(text, _)| category(text)).collect();
    let lines: Vec<Taxable<'_>> = lines
        .iter()
        .zip(&categories)
        .map(|((_, amount), category)| Taxable { category: category.as_ref(), amount: *amount })
        .collect();
    taxes(rules, &lines, shipping, policy, payer, destination).unwrap()
}

fn shown(taxes: &[Tax]) -> Vec<String> {
    let show = |tax: &Tax| {
        format!("{} {} % of {} = {}", tax.name, tax.rate, tax.taxable.amount(), tax.amount.amount())
    };
    taxes.iter().map(show).collect()
}

const PERSON: TaxPayer = TaxPayer::Person;

#[test]
fn published_vectors() {
    let rules = rules(&[
        r#"{"name":"VAT PL","place":{"country":"PL"},"rate":"23"}"#,
        r#"{"name":"GST","place":{"country":"AU"},"rate":"10"}"#,
    ]);
    let exclusive = policy(Rounding::Line, false);
    let poland = of(&rules, &[("", eur(10 * 1010))], None, exclusive, &PERSON, Some(&to("PL", "", "")));
    assert_eq!(shown(&poland.lines[0]), ["VAT PL 23 % of 10100 = 2323"]);
    let lines: Vec<_> = [106, 206, 306, 406].map(|amount| ("", eur(amount))).into();
    let here = to("AU", "", "");
    let per_line = of(&rules, &lines, None, exclusive, &PERSON, Some(&here));
    let amounts: Vec<i64> = per_line.lines.iter().map(|taxes| taxes[0].amount.amount()).collect();
    assert_eq!(amounts, [11, 21, 31, 41]);
    assert_eq!(per_line.totals[0].amount, eur(104));
    // Of 10.24 in all it is 1.02: two cents less than line by line.
    let per_total = of(&rules, &lines, None, policy(Rounding::Total, false), &PERSON, Some(&here));
    assert_eq!(per_total.totals[0].amount, eur(102));
    let amounts: Vec<i64> = per_total.lines.iter().map(|taxes| taxes[0].amount.amount()).collect();
    assert_eq!(amounts, [11, 21, 30, 40]);
    for (amount, tax) in [(4595, 460), (4594, 459)] {
        let one = of(&rules, &[("", eur(amount))], None, exclusive, &PERSON, Some(&here));
        assert_eq!(one.lines[0][0].amount, eur(tax));
    }
}

#[test]
fn the_most_specific_row_wins() {
    let rules = rules(&[
        r#"{"name":"old","place":{"country":"ES"},"rate":"18","until":"2012-09-01T00:00:00Z"}"#,
        r#"{"name":"next","place":{"country":"ES"},"rate":"30","from":"2030-01-01T00:00:00Z"}"#,
        r#"{"name":"standard","place":{"country":"ES"},"rate":"21","from":"2012-09-01T00:00:00Z"}"#,
        r#"{"name":"books","place":{"country":"ES"},"category":"books","rate":"4"}"#,
        r#"{"name":"firms","place":{"country":"ES"},"payer":"business","rate":"20"}"#,
        r#"{"name":"Canaries","place":{"country":"ES","postal_prefix":"35"},"rate":"0"}"#,
        r#"{"name":"Ceuta","place":{"country":"ES","region":"Ceuta"},"rate":"1"}"#,
    ]);
    let business = TaxPayer::Business("ESA13585625".parse().unwrap());
    for (payer, goods, region, postal, name) in [
        (&PERSON, "", "", "28001", "standard"),
        (&PERSON, "toys", "", "28001", "standard"),
        (&PERSON, "books", "", "28001", "books"),
        (&business, "", "", "28001", "firms"),
        // A named category goes before a named payer.
        (&business, "books", "", "28001", "books"),
        // The closer place goes before both.
        (&PERSON, "books", "", "35 001", "Canaries"),
        (&business, "", "CEUTA", "51001", "Ceuta"),
    ] {
        let here = to("ES", region, postal);
        let found = of(&rules, &[(goods, eur(100))], None, policy(Rounding::Line, false), payer, Some(&here));
        assert_eq!(found.lines[0][0].name.as_str(), name, "{goods} {region} {postal}");
    }
    let nowhere = to("CH", "", "");
    let none = of(&rules, &[("", eur(100))], None, policy(Rounding::Line, false), &PERSON, Some(&nowhere));
    assert_eq!(none, Taxes { lines: vec![vec![]], ..Taxes::default() });
}

#[test]
fn taxes_stand_side_by_side() {
    let here = to("US", "ny", "10001");
    let usd = |amount| money(amount, "USD");
    let lines = [("", usd(10000)), ("clothes", usd(5000))];
    let found = of(&american(), &lines, Some(usd(1500)), policy(Rounding::Line, false), &PERSON, Some(&here));
    assert_eq!(shown(&found.lines[0]), ["NY City 4.875 % of 10000 = 488", "NY 4 % of 10000 = 400"]);
    assert_eq!(shown(&found.lines[1]), ["NY City 4.875 % of 5000 = 244", "NY clothes 0 % of 5000 = 0"]);
    // The state taxes shipping whatever is sent; the city, as the goods.
    assert_eq!(shown(&found.shipping), ["NY City 4.875 % of 1500 = 73", "NY 4 % of 1500 = 60"]);
    // They share what a price holds.
    let held = of(&american(), &[("", usd(10888))], None, policy(Rounding::Line, true), &PERSON, Some(&here));
    assert_eq!(shown(&held.lines[0]), ["NY City 4.875 % of 10000 = 488", "NY 4 % of 10000 = 400"]);
    let upstate = to("US", "New York", "14604");
    let alone = of(&american(), &lines[..1], None, policy(Rounding::Line, false), &PERSON, Some(&upstate));
    assert_eq!(shown(&alone.lines[0]), ["NY 4 % of 10000 = 400"]);
}

#[test]
fn shipping_as_goods_is_taxed_part_by_part() {
    let here = to("DE", "", "10115");
    let lines = [("", eur(3000)), ("books", eur(1000))];
    let exclusive =
        of(&german(), &lines, Some(eur(400)), policy(Rounding::Line, false), &PERSON, Some(&here));
    assert_eq!(shown(&exclusive.shipping), ["VAT DE 19 % of 300 = 57", "VAT DE 7 7 % of 100 = 7"]);
    let inclusive = of(&german(), &lines, Some(eur(400)), policy(Rounding::Line, true), &PERSON, Some(&here));
    assert_eq!(shown(&inclusive.shipping), ["VAT DE 19 % of 252 = 48", "VAT DE 7 7 % of 93 = 7"]);
    assert_eq!(shown(&inclusive.lines[1]), ["VAT DE 7 7 % of 935 = 65"]);
    // Nothing that is sent: the rate of other goods.
    let alone = of(&german(), &[], Some(eur(400)), policy(Rounding::Line, false), &PERSON, Some(&here));
    assert_eq!(shown(&alone.shipping), ["VAT DE 19 % of 400 = 76"]);
    let exempt = rules(&[r#"{"name":"CA","place":{"country":"US"},"rate":"7.25","shipping":"exempt"}"#]);
    let us = to("US", "CA", "");
    let none = of(&exempt, &lines[..1], Some(eur(400)), policy(Rounding::Line, false), &PERSON, Some(&us));
    assert_eq!(none.shipping, []);
}

#[test]
fn before_anybody_says_where_it_goes() {
    let lines = [("", eur(11900))];
    let shown_to_all = of(&german(), &lines, None, policy(Rounding::Line, true), &PERSON, None);
    assert_eq!(shown(&shown_to_all.lines[0]), ["VAT DE 19 % of 10000 = 1900"]);
    let later = of(&german(), &lines, None, policy(Rounding::Line, false), &PERSON, None);
    assert_eq!(later.lines, [vec![]]);
}

#[test]
fn the_business_abroad_owes_the_tax_itself() {
    let rules = german();
    let payer = |id: &str| TaxPayer::Business(id.parse().unwrap());
    let (france, germany, swiss) = (to("FR", "", ""), to("DE", "", ""), to("CH", "", ""));
    let french = payer("FR40303265045");
    assert!(rules.reverse_charge(&french, Some(&france)));
    // A member state other than the goods', and not the goods' own: the goods still leave the country.
    assert!(rules.reverse_charge(&payer("ATU13585627"), Some(&france)));
    for (why, payer, destination) in [
        ("a person", &PERSON, Some(&france)),
        ("not well formed", &payer("FR40303265046"), Some(&france)),
        ("of the store's own state", &payer("DE136695976"), Some(&france)),
        ("the goods stay", &french, Some(&germany)),
        ("the goods leave the Union", &french, Some(&swiss)),
        ("nobody knows where they go", &french, None),
        ("not of the Union", &payer("GB980780684"), Some(&france)),
    ] {
        assert!(!rules.reverse_charge(payer, destination), "{why}");
    }
    let origins = [r#"{"country":"DE"}"#, r#"{"country":"CH","vat_id":"DE136695976"}"#];
    for origin in origins {
        let origin = Some(serde_json::from_str(origin).unwrap());
        let rules = TaxRules::new(Vec::new(), origin, NOW.parse().unwrap());
        assert!(!rules.reverse_charge(&french, Some(&france)));
    }

    let lines = [("", eur(10000))];
    let found = of(&rules, &lines, Some(eur(500)), policy(Rounding::Line, false), &french, Some(&france));
    assert!(found.reverse_charge);
    assert_eq!(shown(&found.lines[0]), ["VAT FR 0 % of 10000 = 0"]);
    assert_eq!(found.totals.iter().map(|total| total.taxable.amount()).sum::<i64>(), 10500);
    // A price that holds tax loses what a person there pays in it; what is handed on is without.
    assert_eq!(rules.net(eur(12000), None, &france), eur(10000));
    let held = of(&rules, &lines, None, policy(Rounding::Line, true), &french, Some(&france));
    assert_eq!(shown(&held.lines[0]), ["VAT FR 0 % of 10000 = 0"]);
    let person = of(&rules, &[("", eur(12000))], None, policy(Rounding::Line, true), &PERSON, Some(&france));
    assert_eq!(shown(&person.lines[0]), ["VAT FR 20 % of 10000 = 2000"]);
}

#[test]
fn a_store_has_a_vat_id_of_its_own_country() {
    let sound = |json: &str| serde_json::from_str::<TaxOrigin>(json).unwrap().is_sound();
    assert!(sound(r#"{"country":"US","region":"NY"}"#));
    assert!(sound(r#"{"country":"GR","vat_id":"EL094259216"}"#));
    assert!(!sound(r#"{"country":"AT","vat_id":"DE136695976"}"#));
    assert!(!sound(r#"{"country":"DE","vat_id":"DE136695977"}"#));
    assert!(!sound(r#"{"country":"US","vat_id":"DE136695976"}"#));
}

#[test]
fn a_row_ends_after_it_begins() {
    let wrong = r#"{"name":"x","place":{"country":"DE"},"rate":"1","from":"2026-01-01T00:00:00Z","until":"2026-01-01T00:00:00Z"}"#;
    let new: NewTaxRate = serde_json::from_str(wrong).unwrap();
    let id = TaxRateId::derived(NOW.parse().unwrap(), &[b"x"]);
    assert!(TaxRate::new(id, new, NOW.parse().unwrap()).is_err());
    let row = row(1, r#"{"name":"x","place":{"country":"DE"},"rate":"1","from":"2026-01-01T00:00:00Z"}"#);
    let change = serde_json::from_str(r#"{"from":null,"until":"2027-01-01T00:00:00Z","rate":"2"}"#).unwrap();
    let changed = row.changed(change, NOW.parse().unwrap()).unwrap();
    assert_eq!((changed.from, changed.version), (None, 2));
    assert!(changed.holds_at("2026-12-31T23:59:59Z".parse().unwrap()));
    assert!(!changed.holds_at("2027-01-01T00:00:00Z".parse().unwrap()));
}

/// One to three taxes side by side, of any rates, and another rate for books.
fn any_rules() -> impl Strategy<Value = TaxRules> {
    let shipping = prop::sample::select(vec!["as_goods", "taxed", "exempt"]);
    let rates = prop::collection::vec((0_u32..=400_000, shipping), 1..4);
    (rates, 0_u32..=400_000).prop_map(|(rates, books)| {
        let text = |parts| Percent::from_parts(parts).unwrap().to_string();
        let mut rows: Vec<TaxRate> = (0..)
            .zip(rates)
            .map(|(number, (parts, shipping))| {
                let rate = text(parts);
                row(
                    number,
                    &format!(
                        r#"{{"name":"t{number}","place":{{"country":"DE"}},"layer":"l{number}","rate":"{rate}","shipping":"{shipping}"}}"#
                    ),
                )
            })
            .collect();
        let rate = text(books);
        rows.push(row(9, &format!(
            r#"{{"name":"books","place":{{"country":"DE"}},"layer":"l0","category":"books","rate":"{rate}"}}"#
        )));
        TaxRules::new(rows, None, NOW.parse().unwrap())
    })
}

fn any_policy() -> impl Strategy<Value = PricePolicy> {
    (any::<bool>(), any::<bool>())
        .prop_map(|(line, included)| policy(if line { Rounding::Line } else { Rounding::Total }, included))
}

proptest! {
    #[test]
    fn everything_adds_up(
        rules in any_rules(),
        policy in any_policy(),
        code in prop::sample::select(vec!["JPY", "EUR", "KWD"]),
        lines in prop::collection::vec((any::<bool>(), 0_i64..1_000_000_000), 0..8),
        shipping in prop::option::of(0_i64..100_000),
    ) {
        let lines: Vec<_> = lines
            .into_iter()
            .map(|(books, amount)| (if books { "books" } else { "" }, money(amount, code)))
            .collect();
        let shipping = shipping.map(|amount| money(amount, code));
        let here = to("DE", "", "");
        let found = of(&rules, &lines, shipping, policy, &PERSON, Some(&here));

        // Each line has one tax of each layer, and each total is the sum of its parts.
        let layers = rules_layers(&rules);
        for taxes in &found.lines {
            prop_assert_eq!(taxes.len(), layers);
        }
        let all: Vec<&Tax> = found.lines.iter().flatten().chain(&found.shipping).collect();
        for total in &found.totals {
            let parts = || all.iter().filter(|tax| tax.name == total.name && tax.rate == total.rate);
            prop_assert_eq!(Money::sum(parts().map(|tax| tax.amount), total.amount.currency()).unwrap(), total.amount);
            prop_assert_eq!(Money::sum(parts().map(|tax| tax.taxable), total.amount.currency()).unwrap(), total.taxable);
        }
        prop_assert_eq!(
            all.iter().map(|tax| tax.amount.amount()).sum::<i64>(),
            found.totals.iter().map(|total| total.amount.amount()).sum::<i64>()
        );

        // With tax in them, prices are what is taxable and the taxes on it; else, prices are what is taxable.
        for ((_, amount), taxes) in lines.iter().zip(&found.lines) {
            let tax = Money::sum(taxes.iter().map(|tax| tax.amount), amount.currency()).unwrap();
            for one in taxes {
                let gross = if policy.prices_include_tax { one.taxable.plus(tax).unwrap() } else { one.taxable };
                prop_assert_eq!(gross, *amount);
                prop_assert!(one.amount.amount() >= 0 && one.taxable.amount() >= 0);
            }
        }
        for one in &found.shipping {
            prop_assert!(one.taxable.amount() <= shipping.unwrap().amount());
        }

        // Rounded once for all, no tax is a whole unit away from its exact share of the sum.
        if policy.rounding == Rounding::Total && !policy.prices_include_tax {
            for total in &found.totals {
                prop_assert_eq!(total.rate.of(total.taxable), total.amount);
            }
        }
    }

    #[test]
    fn net_is_what_a_person_pays_less_the_tax_in_it(rules in any_rules(), amount in 0_i64..1_000_000_000) {
        let here = to("DE", "", "");
        let found = of(&rules, &[("", eur(amount))], None, policy(Rounding::Line, true), &PERSON, Some(&here));
        prop_assert_eq!(rules.net(eur(amount), None, &here), found.lines[0][0].taxable);
    }
}

fn rules_layers(rules: &TaxRules) -> usize {
    rules.applying(None, &PERSON, &to("DE", "", "").spot()).len()
}
