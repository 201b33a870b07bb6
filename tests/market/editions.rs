//! A store's rules are remembered, and whoever changes one is obeyed by the next cart that anybody looks at.

use http::Method;
use serde_json::{Value, json};
use souk_tests::{Api, TestMarket};

fn eur(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

async fn total(shopper: &Api, cart: &str) -> Value {
    shopper.get(cart).await.expect(200).json["totals"]["total"]["amount"].clone()
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_rule_counts_at_once_when_it_changes() {
    let market = TestMarket::with_mugs(9).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    let cart = shopper.cart("MUG", 1).await;
    // Everything is remembered from here on, by the function that shows carts.
    let first = total(&shopper.0, &cart).await.as_i64().unwrap();

    let list = json!({"name": "Ten off", "currency": "EUR", "type": "sale", "percent_off": "10"});
    let list = staff.0.post("/v1/price-lists", list).await.expect(201);
    let reduced = total(&shopper.0, &cart).await.as_i64().unwrap();
    assert!(reduced < first, "a sale that just began: {reduced}");
    staff.0.send(Method::DELETE, list.header("location"), None, &[]).await.expect(204);
    assert_eq!(total(&shopper.0, &cart).await, first, "a sale that just ended");

    let promotion = json!({
        "name": "A euro off", "trigger": {"type": "automatic"},
        "actions": [{"type": "amount_off", "amounts": [eur(100)]}],
    });
    let promotion = staff.0.post("/v1/promotions", promotion).await.expect(201);
    let location = promotion.header("location").to_owned();
    let active = json!({"status": "active"});
    if promotion.text_at("/status") != "active" {
        staff.0.send(Method::PATCH, &location, Some(active), &[]).await.expect(200);
    }
    assert_eq!(total(&shopper.0, &cart).await, first - 100, "a promotion that just began");
    staff.0.send(Method::DELETE, &location, None, &[]).await.expect(204);
    assert_eq!(total(&shopper.0, &cart).await, first, "a promotion that just ended");

    let rate = json!({"place": {"country": "DE"}, "name": "MwSt", "layer": "vat", "rate": "19"});
    let rate = staff.0.post("/v1/tax-rates", rate).await.expect(201);
    let policy = json!({"price_policy": {"prices_include_tax": false}});
    staff.0.send(Method::PATCH, "/v1/store", Some(policy), &[]).await.expect(200);
    let taxed = total(&shopper.0, &cart).await.as_i64().unwrap();
    assert!(taxed > first, "a tax that was just added to prices without: {taxed}");
    let more = json!({"rate": "25"});
    staff.0.send(Method::PATCH, rate.header("location"), Some(more), &[]).await.expect(200);
    assert!(total(&shopper.0, &cart).await.as_i64().unwrap() > taxed, "a tax that was just raised");

    let zone = json!({"name": "Everywhere", "methods": [
        {"name": "Post", "rates": [{"currency": "EUR", "tiers": [{"price": eur(500)}]}]},
    ]});
    staff.0.post("/v1/shipping/zones", zone).await.expect(201);
    let shown = shopper.0.get(&cart).await.expect(200);
    assert_eq!(shown.json["shipping_options"].as_array().unwrap().len(), 1, "a zone that was just added");
}

#[tokio::test(start_paused = true)]
async fn a_checkout_goes_by_the_rules_of_its_moment() {
    let market = TestMarket::with_mugs(9).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    let sold = |cart: String| {
        let api = &shopper.0;
        async move {
            let path = format!("{cart}/checkout");
            let placed = api.post(&path, json!({"payment_method": "pm_card_visa"})).await.expect(202);
            placed.json["totals"]["total"]["amount"].as_i64().unwrap()
        }
    };
    // The function that checks out remembers that there is no sale.
    let full = sold(shopper.cart("MUG", 1).await).await;
    let cart = shopper.cart("MUG", 1).await;
    let list = json!({"name": "Half", "currency": "EUR", "type": "sale", "percent_off": "50"});
    staff.0.post("/v1/price-lists", list).await.expect(201);
    assert!(sold(cart).await < full);
}

#[tokio::test(start_paused = true)]
async fn a_checkout_is_told_again_by_its_cart_for_as_long_as_the_cart_lives() {
    let market = TestMarket::with_mugs(9).await;
    let shopper = market.shopper();
    let cart = shopper.cart("MUG", 1).await;
    let path = format!("{cart}/checkout");
    let ask = |method: &'static str, key: &'static str| {
        let (api, path) = (&shopper.0, path.clone());
        async move {
            let body = json!({"payment_method": method});
            api.send(Method::POST, &path, Some(body), &[("idempotency-key", key)]).await
        }
    };
    let declined = ask("pm_card_chargeDeclined", "try-1").await.expect(202);
    market.market.settled().await;
    let paid = ask("pm_card_visa", "try-2").await.expect(202);
    market.market.settled().await;
    assert_ne!(declined.text_at("/id"), paid.text_at("/id"));
    // Each is answered by its own order, as it was placed, whatever came after.
    for (key, method, first) in
        [("try-1", "pm_card_chargeDeclined", &declined), ("try-2", "pm_card_visa", &paid)]
    {
        let again = ask(method, key).await.expect(202);
        assert_eq!((&again.text, again.header("idempotent-replayed")), (&first.text, "true"));
        assert_eq!(again.header("etag"), first.header("etag"));
        assert_eq!(again.header("location"), first.header("location"));
    }
    assert_eq!(ask("pm_card_visa", "try-1").await.expect(422).code(), "idempotency_key_reused");
    assert_eq!(ask("pm_card_visa", "try-3").await.expect(409).code(), "cart_ordered");
}
