//! What a store makes of the risk of orders.

use serde_json::{Value, json};
use souk_tests::{TestMarket, until};

async fn rules(market: &TestMarket, risk: Value) {
    market.staff().0.patch("/v1/store", json!({"risk": risk})).await.expect(200);
}

#[tokio::test(start_paused = true)]
async fn orders_that_come_too_often_wait_for_a_person() {
    let market = TestMarket::with_mugs(9).await;
    let often = json!({"signal": "orders_per_source", "above": 2, "hours": 1, "score": 50});
    rules(&market, json!({"rules": [often]})).await;
    let shopper = market.shopper();
    let mut orders = Vec::new();
    for _ in 0..3 {
        orders.push(shopper.buy("MUG", 1, "pm_card_visa").await);
        market.market.settled().await;
    }
    for (place, order) in orders.iter().enumerate() {
        let shown = shopper.0.get(order).await.expect(200);
        let expected = if place < 2 { "confirmed" } else { "in_review" };
        assert_eq!(shown.text_at("/status"), expected, "order {place}");
    }
    let held = shopper.0.get(&orders[2]).await.expect(200);
    assert_eq!(
        held.json["risk"],
        json!({"outcome": "review", "score": 50, "reasons": ["orders_per_source"]})
    );
    // The clock's next hours: what was is forgotten.
    market.leap(jiff::SignedDuration::from_hours(2));
    let later = shopper.buy("MUG", 1, "pm_card_visa").await;
    until(&shopper.0, &later, |order| order["status"] == "confirmed").await;
}

#[tokio::test(start_paused = true)]
async fn what_a_store_refuses_is_canceled_before_anything_is_charged() {
    let market = TestMarket::with_mugs(5).await;
    let disposable = json!({"signal": "disposable_email", "score": 60});
    let trusted = json!({"signal": "earlier_orders", "at_least": 1, "score": -60});
    rules(&market, json!({"review_at": 50, "deny_at": 60, "rules": [disposable, trusted]})).await;
    let shopper = market.shopper();
    let from = |email: &'static str| {
        let shopper = &shopper;
        async move {
            let cart = shopper.cart("MUG", 1).await;
            shopper.0.patch(&cart, json!({"email": email})).await.expect(200);
            let order = shopper.check_out(&cart, "pm_card_visa").await.expect(202);
            format!("/v1/orders/{}", order.text_at("/id"))
        }
    };
    let refused = from("x@mailinator.com").await;
    let refused = until(&shopper.0, &refused, |order| order["status"] == "canceled").await;
    assert_eq!(refused.text_at("/cancellation/cause"), "risk_denied");
    assert_eq!(
        refused.json["risk"],
        json!({"outcome": "deny", "score": 60, "reasons": ["disposable_email"]})
    );
    assert!(market.payments().await.is_empty(), "the provider was never asked");
    assert_eq!(market.staff().stock("MUG").await, (5, 0, 5));

    // Whoever bought before under friendlier rules is trusted.
    rules(&market, json!({"rules": []})).await;
    let first = from("y@mailinator.com").await;
    until(&shopper.0, &first, |order| order["status"] == "confirmed").await;
    market.market.settled().await;
    let disposable = json!({"signal": "disposable_email", "score": 60});
    let trusted = json!({"signal": "earlier_orders", "at_least": 1, "score": -60});
    rules(&market, json!({"deny_at": 60, "rules": [disposable, trusted]})).await;
    let second = from("y@mailinator.com").await;
    let second = until(&shopper.0, &second, |order| order["status"] == "confirmed").await;
    assert_eq!(second.json["risk"]["score"], 0);
    assert_eq!(second.json["risk"]["reasons"], json!(["disposable_email", "earlier_orders"]));
}

#[tokio::test(start_paused = true)]
async fn a_card_is_known_again_whoever_uses_it() {
    let market = TestMarket::with_mugs(9).await;
    let often = json!({"signal": "orders_per_card", "above": 1, "hours": 1, "score": 50});
    rules(&market, json!({"rules": [often]})).await;
    let shopper = market.shopper();
    let mut reasons = Vec::new();
    for method in ["pm_card_visa", "pm_card_amex", "pm_card_visa"] {
        let order = shopper.buy("MUG", 1, method).await;
        market.market.settled().await;
        reasons.push(shopper.0.get(&order).await.expect(200).json["risk"]["reasons"].clone());
    }
    assert_eq!(reasons, [json!([]), json!([]), json!(["orders_per_card"])]);
}

#[tokio::test]
async fn rules_that_can_not_be_kept_name_what_is_wrong() {
    let market = TestMarket::with_mugs(1).await;
    let staff = market.staff();
    for (risk, param) in [
        (
            json!({"rules": [{"signal": "orders_per_email", "above": 1, "hours": 25, "score": 1}]}),
            "risk.rules[0].hours",
        ),
        (json!({"rules": [{"signal": "country_mismatch", "score": 101}]}), "risk.rules[0].score"),
        (json!({"review_at": 50, "deny_at": 40, "rules": []}), "risk.deny_at"),
    ] {
        let refused = staff.0.patch("/v1/store", json!({"risk": risk})).await.expect(422);
        assert_eq!(refused.text_at("/param"), param, "{}", refused.json);
    }
    for unknown in [
        json!({"signal": "moon_phase", "score": 1}),
        json!({"signal": "country_mismatch", "score": 1, "x": 1}),
    ] {
        staff.0.patch("/v1/store", json!({"risk": {"rules": [unknown]}})).await.expect(422);
    }
}
