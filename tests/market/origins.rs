//! Whose web pages may call a store.

use http::Method;
use serde_json::json;
use souk_tests::{Api, TestMarket};

async fn from(api: &Api, origin: &str) -> souk_tests::Answer {
    let headers = [("origin", origin)];
    api.send(Method::POST, "/v1/carts", Some(json!({"currency": "EUR"})), &headers).await
}

#[tokio::test(start_paused = true)]
async fn only_the_stores_own_pages_may_call_it() {
    let market = TestMarket::open(|_| {}).await;
    let (_, shop, _) = market.store_with(json!({"origins": ["https://shop.example"]})).await;
    for origin in
        ["https://evil.example", "http://shop.example", "https://shop.example.evil.example", "null", ""]
    {
        let refused = from(&shop, origin).await.expect(403);
        assert_eq!((refused.code(), refused.text_at("/param")), ("origin_refused", "Origin"), "{origin}");
    }
    assert!(market.state_items("cart").await.is_empty(), "a refused request has no effect");
    from(&shop, "https://shop.example").await.expect(201);
    // The pages of the API itself, and whoever is no page.
    from(&shop, "https://localhost").await.expect(201);
    shop.get("/v1/products").await.expect(200);
    // A store that says nothing takes any, also right after one that doesn't.
    let (_, open, _) = market.another_store().await;
    from(&open, "https://evil.example").await.expect(201);
    from(&shop, "https://evil.example").await.expect(403);
}

#[tokio::test(start_paused = true)]
async fn the_gateway_answers_preflights_for_every_store() {
    let market = TestMarket::open(|_| {}).await;
    let headers = [("origin", "https://shop.example"), ("access-control-request-method", "POST")];
    let anybody = market.shopper().0.with_key(None);
    let preflight = anybody.send(Method::OPTIONS, "/v1/carts", None, &headers).await.expect(204);
    assert_eq!(preflight.header("access-control-allow-origin"), "*");
    let (_, shop, _) = market.store_with(json!({"origins": ["https://shop.example"]})).await;
    let answer = from(&shop, "https://shop.example").await.expect(201);
    let exposed = answer.header("access-control-expose-headers");
    assert!(exposed.contains("ratelimit") && exposed.contains("retry-after"), "{exposed}");
}
