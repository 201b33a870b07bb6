//! Stores that know nothing of each other, and modes that don't either.

use serde_json::json;
use souk_tests::{Shopper, TestMarket};

#[tokio::test(start_paused = true)]
async fn another_stores_things_look_like_nothing() {
    let market = TestMarket::with_mugs(5).await;
    let shopper = market.shopper();
    let cart = shopper.cart("MUG", 1).await;
    let order = shopper.buy("MUG", 1, "pm_card_visa").await;
    market.market.settled().await;
    let product = shopper.0.get("/v1/products").await.json["data"][0]["id"].as_str().unwrap().to_owned();
    let (_, other_pk, other_sk) = market.another_store().await;
    let nothing = other_sk.get("/v1/orders/ord_00000000000000000000000001").await.expect(404);
    for path in [cart.clone(), order.clone(), format!("/v1/products/{product}"), "/v1/stock/MUG".to_owned()] {
        let answer = other_sk.get(&path).await.expect(404);
        for field in ["type", "title", "detail", "code"] {
            assert_eq!(answer.json[field], nothing.json[field], "{path}: same shape as what is not there");
        }
    }
    for path in ["cancel", "captures", "fulfillments", "approve", "reject"] {
        other_sk.post(&format!("{order}/{path}"), json!({})).await.expect(404);
    }
    other_sk.patch(&cart, json!({"email": "eve@example.com"})).await.expect(404);
    other_sk.delete(&format!("/v1/products/{product}")).await.expect(404);
    let body = json!({"payment_method": "pm_card_visa"});
    other_pk.post(&format!("{cart}/checkout"), body).await.expect(404);
    assert_eq!(other_sk.get("/v1/orders").await.json["data"], json!([]));
    assert_eq!(Shopper(other_pk).0.get("/v1/products").await.json["data"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn keys_are_needed_known_and_limited() {
    let market = TestMarket::with_mugs(5).await;
    let shopper = market.shopper();
    let missing = shopper.0.with_key(None).get("/v1/products").await.expect(401);
    assert_eq!(missing.code(), "unauthenticated");
    assert!(missing.header("www-authenticate").starts_with("Bearer"));
    for wrong in ["sk_test_nope", "", "pk_", &"sk_".repeat(100), "Basic x"] {
        let denied = shopper.0.with_key(Some(wrong)).get("/v1/products").await.expect(401);
        assert!(denied.header("www-authenticate").starts_with("Bearer"), "{wrong}");
    }
    let forbidden = shopper.0.post("/v1/products", json!({})).await.expect(403);
    assert_eq!((forbidden.code(), forbidden.text_at("/scope")), ("missing_scope", "catalog:write"));
}

/// The keys of no item tell of two stores, and every item of a store begins with it.
#[tokio::test(start_paused = true)]
async fn test_and_live_are_two_worlds() {
    let market = TestMarket::with_mugs(5).await;
    let api = market.staff().0.with_key(Some(&market.live_sk));
    assert_eq!(api.get("/v1/products").await.expect(200).json["data"], json!([]));
    api.get("/v1/stock/MUG").await.expect(404);
    let cart = api.post("/v1/carts", json!({})).await.expect(201);
    let path = format!("/v1/carts/{}/checkout", cart.text_at("/id"));
    let refused = api.post(&path, json!({"payment_method": "pm_card_visa"})).await.expect(422);
    assert_eq!(refused.code(), "unknown_payment_method", "the sandbox exists in test mode only");
}
