//! What an order takes, and gives back.

use jiff::Timestamp;
use souk::{
    catalog::Options,
    id::{OrderId, ProductId},
    money::Money,
    pricing::{Basket, Item, PromotionCode, TaxPayer},
    promotion::{self, Claims, Evaluation, Reason, Shopper},
    quantity::Quantity,
    store::{self, Edition, WriteError},
};

use super::*;

/// One thing for 100 €, and these codes.
pub fn basket(codes: &[&str], first_order: bool) -> Basket {
    let price = Money::new(10_000, "EUR".parse().unwrap());
    let item = Item {
        sku: "MUG".parse().unwrap(),
        product: ProductId::from_bits(1),
        name: "Mug".parse().unwrap(),
        options: Options::default(),
        tags: [].into(),
        tax_category: None,
        weight_grams: 0,
        quantity: Quantity::try_from(1).unwrap(),
        list_price: price,
        unit_price: price,
        price_list: None,
        by_hand: None,
    };
    Basket {
        currency: price.currency(),
        items: vec![item],
        customer: None,
        group: None,
        first_order,
        codes: codes.iter().map(|code| code.parse().unwrap()).collect(),
        destination: None,
        tax_payer: TaxPayer::Person,
        shipping_method: None,
        at: Timestamp::from_second(1_800_000_000).unwrap(),
    }
}

/// The guest number `n`.
pub fn guest(n: u128) -> Shopper {
    Shopper::Guest(format!("{n:064x}").parse().unwrap())
}

pub fn order(n: u128) -> OrderId {
    OrderId::from_bits(n)
}

/// What the promotions that there are take off a basket with these codes.
pub async fn evaluated(market: &TestMarket, codes: &[&str], shopper: Shopper) -> Evaluation {
    let typed: Vec<PromotionCode> = codes.iter().map(|code| code.parse().unwrap()).collect();
    let (app, tenant) = (market.app(), market.tenant());
    let edition = Edition::of(&app, tenant).await.unwrap();
    let candidates = promotion::candidates(&app, &edition, &typed, Some(shopper)).await.unwrap();
    promotion::evaluate(&basket(codes, true), &candidates).unwrap()
}

/// Takes what an order would, as the checkout does. What the shopper is told where it is refused.
pub async fn take(
    market: &TestMarket,
    n: u128,
    evaluation: &Evaluation,
    shopper: Shopper,
) -> Result<(), String> {
    let claims: Claims = promotion::claims(market.tenant(), order(n), evaluation, shopper).unwrap();
    match store::commit(&market.app(), claims.writes.clone()).await {
        Ok(()) => Ok(()),
        Err(error @ WriteError::Refused(_)) => {
            let problem = claims.refusal(|place| error.refused(place)).unwrap();
            Err(format!("{} {}", problem.code().as_str(), problem.detail()))
        }
        Err(error) => panic!("{error}"),
    }
}

pub async fn usage(staff: &Api, path: &str) -> Value {
    staff.get(path).await.expect(200).json["usage"].clone()
}

fn off(evaluation: &Evaluation) -> i64 {
    evaluation.items[0].iter().map(|discount| discount.amount.amount()).sum()
}

#[tokio::test(start_paused = true)]
async fn a_canceled_order_gives_back_what_it_took_once() {
    let market = TestMarket::crowded(0).await;
    let staff = market.staff().0;
    let limits = json!({"uses": 1, "uses_per_customer": 1, "budgets": [{"amount": 1500, "currency": "EUR"}]});
    let single =
        json!({"trigger": {"type": "single_use_codes"}, "rules": {"first_order": true}, "limits": limits});
    let path = create(&staff, percent("Once", single)).await.expect(201).header("location").to_owned();
    make(&staff, &path, json!({"codes": ["ONE", "TWO"]}), "codes").await.expect(201);
    let open = create(&staff, percent("Open", json!({}))).await.expect(201).header("location").to_owned();

    let all = evaluated(&market, &["ONE"], guest(1)).await;
    assert_eq!(off(&all), 1900);
    take(&market, 1, &all, guest(1)).await.unwrap();
    let one = |used: u32, spent: Value| json!({"used": used, "spent": spent});
    assert_eq!(usage(&staff, &path).await, one(1, json!([{"amount": 1000, "currency": "EUR"}])));
    assert_eq!(usage(&staff, &open).await, one(1, json!([{"amount": 900, "currency": "EUR"}])));
    let codes = staff.get(&format!("{path}/codes")).await.expect(200);
    assert_eq!(codes.json["data"][0]["used_by"], order(1).to_string());
    // Whoever prices now sees that it is gone, and what is automatic still applies.
    for (code, shopper) in [("ONE", guest(2)), ("TWO", guest(1))] {
        let gone = evaluated(&market, &[code], shopper).await;
        assert_eq!((off(&gone), gone.refused[0].reason), (1000, Reason::UsedUp));
    }

    let released =
        (0..20).map(|_| async { promotion::release(&market.app(), market.tenant(), order(1)).await });
    join_all(released).await.into_iter().for_each(Result::unwrap);
    promotion::release(&market.app(), market.tenant(), order(1)).await.unwrap();
    promotion::release(&market.app(), market.tenant(), order(99)).await.unwrap();
    let zero = json!([{"amount": 0, "currency": "EUR"}]);
    assert_eq!(usage(&staff, &path).await, one(0, zero.clone()));
    assert_eq!(usage(&staff, &open).await, one(0, zero));
    assert!(market.state_items("first_order").await.is_empty());
    let again = evaluated(&market, &["ONE"], guest(1)).await;
    assert_eq!(off(&again), 1900);
    take(&market, 2, &again, guest(1)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_was_priced_before_it_was_gone_is_refused_by_name() {
    let market = TestMarket::open(|_| {}).await;
    let staff = market.staff().0;
    let euros = |amount: i64| json!([{"amount": amount, "currency": "EUR"}]);
    for (name, more) in [
        ("TOTAL", json!({"limits": {"uses": 1}})),
        ("BUDGET", json!({"limits": {"budgets": euros(1500)}})),
        ("EACH", json!({"limits": {"uses_per_customer": 1}})),
        ("FIRST", json!({"rules": {"first_order": true}})),
    ] {
        let mut promotion = percent(name, json!({"trigger": {"type": "code", "code": name}}));
        promotion.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        create(&staff, promotion).await.expect(201);
    }
    let path = create(&staff, by_codes("Single")).await.expect(201).header("location").to_owned();
    make(&staff, &path, json!({"codes": ["SINGLE"]}), "codes").await.expect(201);
    let again = "Check out again without it.";
    for (n, (code, told)) in (10..).step_by(10).zip([
        ("TOTAL", "promotion_used_up The code TOTAL is used up."),
        ("BUDGET", "promotion_used_up The code BUDGET is used up."),
        ("SINGLE", "promotion_used_up The code SINGLE is used up."),
        ("EACH", "promotion_limit_reached The code EACH was used as often as one customer may."),
        ("FIRST", "promotion_limit_reached The code FIRST is for a first order, and there was one."),
    ]) {
        let evaluation = evaluated(&market, &[code], guest(1)).await;
        take(&market, n, &evaluation, guest(1)).await.unwrap();
        let refused = take(&market, n + 1, &evaluation, guest(1)).await;
        assert_eq!(refused, Err(format!("{told} {again}")));
    }
    // Limits per customer are nobody else's business.
    for code in ["EACH", "FIRST"] {
        let other = evaluated(&market, &[code], guest(2)).await;
        take(&market, code.len() as u128, &other, guest(2)).await.unwrap();
    }
}
