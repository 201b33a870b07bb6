//! What holds for any basket and any rules of a store.

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Computed, Rules, discounted};
use crate::{
    catalog::Options,
    contact::Tag,
    id::{ProductId, PromotionId, ShippingMethodId, ShippingZoneId, TaxRateId},
    money::{Currency, Money},
    pricing::{Basket, ByHand, Destination, HandDiscount, Item, PricePolicy, Rounding, TaxPayer},
    promotion::{Candidate, Promotion, Usage},
    quantity::Quantity,
    shipping::{Zone, options},
    tax::{TaxOrigin, TaxRate, TaxRules},
};

const NOW: &str = "2026-11-22T12:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn read<T: serde::de::DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json).unwrap()
}

/// A store in Germany with rules of every kind.
struct Store {
    promotions: Vec<Candidate>,
    taxes: TaxRules,
    origin: TaxOrigin,
    zones: Vec<Zone>,
    policy: PricePolicy,
}

fn promotion(number: u8, priority: u16, body: &Value) -> Candidate {
    let mut whole = json!({
        "id": PromotionId::from_bits(u128::from(number)), "name": format!("Promotion {number}"), "status": "active",
        "trigger": {"type": "automatic"}, "priority": priority, "stacking": {"type": "stackable"}, "rules": {},
        "limits": {}, "tally": "one", "version": 1, "created_at": NOW, "updated_at": NOW,
    });
    whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    let promotion: Promotion = read(whole);
    Candidate { promotion, code: None, usage: Usage::default() }
}

fn store(currency: Currency, policy: PricePolicy, which: u8) -> Store {
    let amount = |amount: i64| json!([{"amount": amount, "currency": currency}]);
    let all = [
        json!({"actions": [{"type": "percent_off", "percent": "12.5"}]}),
        json!({"actions": [{"type": "amount_off", "amounts": amount(777), "of": {"categories": ["sock"]}}]}),
        json!({"actions": [{"type": "cheapest_free", "of_every": 3}]}),
        json!({"actions": [{"type": "shipping_percent_off", "percent": "33.3333"}]}),
        json!({"rules": {"minimum": amount(100_000)}, "actions": [{"type": "free_shipping"}]}),
    ];
    let promotions = (0..).zip(all).filter(|(place, _)| which & (1 << place) != 0);
    let promotions = promotions.map(|(place, body)| promotion(place, 9 - u16::from(place), &body)).collect();
    let rows = [
        json!({"name": "VAT DE", "place": {"country": "DE"}, "rate": "19"}),
        json!({"name": "VAT DE 7", "place": {"country": "DE"}, "category": "books", "rate": "7"}),
        json!({"name": "VAT FR", "place": {"country": "FR"}, "rate": "20"}),
        json!({"name": "State", "place": {"country": "US", "region": "NY"}, "rate": "4", "shipping": "taxed"}),
        json!({"name": "City", "place": {"country": "US", "region": "NY"}, "layer": "local", "rate": "4.875"}),
    ];
    let row =
        |(place, row): (u8, Value)| TaxRate::new(TaxRateId::from_bits(u128::from(place)), read(row), now());
    let rows = (0..).zip(rows).map(row).collect::<Result<_, _>>().unwrap();
    let origin: TaxOrigin = read(json!({"country": "DE", "vat_id": "DE136695976"}));
    let price = |amount: i64| json!({"amount": amount, "currency": currency});
    let zone = json!({"name": "World", "methods": [
        {"name": "Parcel", "rates": [{"currency": currency, "basis": "price", "tiers": [
            {"at_most": 5000, "price": price(499)}, {"price": price(333)}]}]},
        {"name": "Shop", "pickup": "berlin", "rates": [{"currency": currency, "tiers": [{"price": price(0)}]}]},
    ]});
    let mut next = 0;
    let method = || {
        next += 1;
        ShippingMethodId::from_bits(next)
    };
    let berlin = ["berlin".parse().unwrap()];
    let zone = Zone::new(ShippingZoneId::from_bits(1), read(zone), &berlin, method, now()).unwrap();
    let taxes = TaxRules::new(rows, Some(origin.clone()), now());
    Store { promotions, taxes, origin, zones: vec![zone], policy }
}

fn item(number: usize, price: i64, count: i64, currency: Currency) -> Item {
    let tag: Tag = if number.is_multiple_of(2) { "sock" } else { "shirt" }.parse().unwrap();
    let price = Money::new(price, currency);
    Item {
        sku: format!("SKU-{number}").parse().unwrap(),
        product: ProductId::from_bits(number as u128),
        name: "Thing".parse().unwrap(),
        options: Options::default(),
        tags: [tag].into(),
        tax_category: number.is_multiple_of(3).then(|| "books".parse().unwrap()),
        weight_grams: 100,
        quantity: Quantity::try_from(count).unwrap(),
        list_price: price,
        unit_price: price,
        price_list: None,
        by_hand: None,
    }
}

/// What staff say of a price, in one of three ways.
fn by_hand(price: i64, currency: Currency) -> ByHand {
    let (unit_price, discount) = match price % 3 {
        0 => (Some(Money::new(price / 2, currency)), None),
        1 => (None, Some(HandDiscount::Percent("12.5".parse().unwrap()))),
        _ => (None, Some(HandDiscount::Amount(Money::new(5000, currency)))),
    };
    ByHand { unit_price, discount, reason: "price-match".parse().unwrap() }
}

fn basket(
    items: Vec<Item>,
    currency: Currency,
    to: Option<&str>,
    payer: TaxPayer,
    method: Option<u128>,
) -> Basket {
    Basket {
        currency,
        items,
        customer: None,
        group: None,
        first_order: true,
        codes: Vec::new(),
        destination: to.map(|country| Destination {
            country: country.parse().unwrap(),
            region: (country == "US").then(|| "NY".parse().unwrap()),
            postal_code: None,
        }),
        tax_payer: payer,
        shipping_method: method.map(ShippingMethodId::from_bits),
        at: now(),
    }
}

fn computed(basket: &Basket, store: &Store) -> Computed {
    let mut rules = Rules::of(basket, &store.promotions, &store.taxes, Some(&store.origin), store.policy);
    let reckon = |rules| {
        let discounted = discounted(basket, rules, |_| None).unwrap();
        let options = discounted.sending().map(|(to, parcel)| options(&store.zones, to, parcel));
        discounted.priced(options.unwrap_or_default()).unwrap()
    };
    let first = reckon(rules);
    if rules.reversed && first.is_picked_up() {
        rules.reversed = false;
        return reckon(rules);
    }
    first
}

fn policy() -> impl Strategy<Value = PricePolicy> {
    (any::<bool>(), any::<bool>()).prop_map(|(per_line, prices_include_tax)| PricePolicy {
        rounding: if per_line { Rounding::Line } else { Rounding::Total },
        prices_include_tax,
    })
}

fn payer() -> impl Strategy<Value = TaxPayer> {
    let business = |id: &str| TaxPayer::Business(id.parse().unwrap());
    prop_oneof![
        3 => Just(TaxPayer::Person),
        1 => Just(business("FR40303265045")),
        1 => Just(business("DE136695976")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn a_total_is_the_sum_of_its_parts(
        lines in prop::collection::vec((0_i64..2_000_000, 1_i64..30), 0..7),
        code in prop::sample::select(vec!["JPY", "EUR", "KWD"]),
        to in prop::option::of(prop::sample::select(vec!["DE", "FR", "US", "JP"])),
        (policy, payer, which) in (policy(), payer(), any::<u8>()),
        method in prop::option::of(1_u128..4),
    ) {
        let currency: Currency = code.parse().unwrap();
        let items = lines.iter().enumerate().map(|(number, &(price, count))| {
            let plain = item(number, price, count, currency);
            // Every third by hand: a price, an eighth off, or an amount off, which may be more than it costs.
            let by_hand = (number % 3 == 1).then(|| by_hand(price, currency));
            let unit_price = by_hand.as_ref().and_then(|said| said.unit_price).unwrap_or(plain.unit_price);
            Item { unit_price, by_hand, ..plain }
        });
        let (store, basket) = (store(currency, policy, which), basket(items.collect(), currency, to, payer, method));
        let computed = computed(&basket, &store);
        let (priced, pricing, totals) = (&computed.priced, &computed.priced.pricing, &computed.priced.totals);

        let sum = |parts: Vec<Money>| Money::sum(parts, currency).unwrap();
        let reckoned = totals.subtotal.minus(totals.discount).unwrap();
        let reckoned = reckoned.plus(totals.shipping).unwrap().plus(totals.tax).unwrap();
        prop_assert_eq!(reckoned, totals.total, "subtotal - discount + shipping + tax");

        let mut payable: Vec<Money> =
            priced.lines.iter().map(|line| line.payable(pricing.policy).unwrap()).collect();
        payable.extend(pricing.shipping.iter().map(|shipping| shipping.payable(pricing.policy).unwrap()));
        prop_assert!(payable.iter().all(|part| part.amount() >= 0), "nothing is paid for taking something");
        prop_assert_eq!(sum(payable), totals.total, "what is paid for each sums to the whole");

        let mut off: Vec<Money> = priced.lines.iter().map(|line| line.discount().unwrap()).collect();
        off.extend(pricing.shipping.iter().map(|shipping| shipping.discount().unwrap()));
        prop_assert_eq!(sum(off), totals.discount);
        let said = priced.lines.iter().filter_map(|line| line.by_hand.clone());
        let said: Vec<Money> = said.filter_map(|said| said.discount).collect();
        let promoted = sum(pricing.promotions.iter().map(|one| one.amount).collect());
        prop_assert_eq!(promoted.plus(sum(said)).unwrap(), totals.discount);
        for line in priced.lines.iter().filter(|line| line.by_hand.is_some()) {
            prop_assert!(line.discounts.is_empty(), "promotions leave alone what staff priced");
        }

        let mut taxes: Vec<Money> = priced.lines.iter().map(|line| line.tax().unwrap()).collect();
        taxes.extend(pricing.shipping.iter().map(|shipping| shipping.tax().unwrap()));
        let tax = sum(taxes);
        prop_assert_eq!(sum(pricing.taxes.iter().map(|one| one.amount).collect()), tax);
        prop_assert_eq!(if pricing.policy.prices_include_tax { totals.tax_included.unwrap() } else { totals.tax }, tax);
        if pricing.reverse_charge {
            prop_assert!(tax.is_zero() && !pricing.policy.prices_include_tax);
        }
        prop_assert_eq!(&computed.priced, &self::computed(&basket, &store).priced, "the same is the same");
    }
}

fn eur(amount: i64) -> Money {
    Money::new(amount, "EUR".parse().unwrap())
}

/// One thing for 119 €, sold from Germany at prices that hold the tax.
fn sold(to: &str, payer: TaxPayer, method: u128) -> Computed {
    let euro = eur(0).currency();
    let policy = PricePolicy { prices_include_tax: true, ..PricePolicy::default() };
    let items = vec![item(1, 11_900, 1, euro)];
    computed(&basket(items, euro, Some(to), payer, Some(method)), &store(euro, policy, 0))
}

#[test]
fn a_business_abroad_pays_no_tax_unless_it_picks_up() {
    let business = || TaxPayer::Business("FR40303265045".parse().unwrap());
    let person = sold("FR", TaxPayer::Person, 1);
    assert_eq!(person.priced.totals.total, eur(11_900 + 333));
    assert_eq!(person.priced.totals.tax_included, Some(eur(1_983 + 56)));
    let sent = sold("FR", business(), 1);
    assert!(sent.priced.pricing.reverse_charge);
    assert_eq!(
        sent.priced.totals.total,
        eur(11_900 - 1_983 + 333 - 56),
        "without the tax that the prices hold"
    );
    let picked_up = sold("FR", business(), 2);
    assert!(!picked_up.priced.pricing.reverse_charge);
    assert_eq!(picked_up.priced.totals.total, eur(11_900));
    assert_eq!(picked_up.priced.totals.tax_included, Some(eur(1_900)), "taxed where the store is");
}

#[test]
fn sending_costs_what_is_left_after_discounts() {
    let euro = eur(0).currency();
    let price = |which| {
        let items = vec![item(1, 5_200, 1, euro)];
        let basket = basket(items, euro, Some("JP"), TaxPayer::Person, Some(1));
        computed(&basket, &store(euro, PricePolicy::default(), which)).priced.totals
    };
    assert_eq!(price(0).shipping, eur(333), "above 50 €");
    assert_eq!(price(1).shipping, eur(499), "below, after 12.5 %");
    assert_eq!(price(1 << 3).discount, eur(111), "a third of 3.33 €");
}
