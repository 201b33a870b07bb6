//! The store's settings.

use serde_json::json;
use souk_tests::TestMarket;

#[tokio::test(start_paused = true)]
async fn staff_change_the_settings_of_one_mode() {
    let market = TestMarket::open(|_| {}).await;
    let staff = market.staff().0;
    let read = staff.get("/v1/store").await.expect(200);
    assert_eq!((read.text_at("/id"), read.text_at("/mode")), (market.store.as_str(), "test"));
    assert_eq!(
        (read.text_at("/name"), read.text_at("/currency"), read.header("etag")),
        ("Kiosk", "EUR", "\"1\"")
    );
    let change = json!({
        "name": "Corner shop", "currency": "USD", "review_above": null, "storefront_url": "https://shop.example.com",
        "locations": [{"id": "hamburg", "name": "Harbor"}, {"id": "berlin", "name": "Berlin"}, {"id": "kiel", "name": "Kiel"}],
    });
    let changed = staff.patch("/v1/store", change).await.expect(200);
    assert_eq!(changed.json, staff.get("/v1/store").await.json);
    assert_eq!((changed.text_at("/name"), &changed.json["version"]), ("Corner shop", &json!(2)));
    assert_eq!(changed.json.get("review_above"), None);
    assert_eq!(changed.text_at("/locations/2/id"), "kiel");
    market.staff().sell("MUG", 1250, 0).await;
    market.staff().receive("MUG", "kiel", 3).await.expect(201);
    let kept = staff.patch("/v1/store", json!({})).await.expect(200);
    assert_eq!(kept.text_at("/storefront_url"), "https://shop.example.com");
    let live = staff.with_key(Some(&market.live_sk)).get("/v1/store").await.expect(200);
    assert_eq!((live.text_at("/name"), live.text_at("/mode")), ("Kiosk", "live"));
}

#[tokio::test(start_paused = true)]
async fn settings_that_make_no_sense_are_refused() {
    let market = TestMarket::open(|_| {}).await;
    let staff = market.staff().0;
    for body in [
        json!({"name": ""}),
        json!({"name": null, "currency": "XXXX"}),
        json!({"locations": []}),
        json!({"locations": [{"id": "berlin", "name": "Berlin"}]}),
        json!({"locations": [{"id": "berlin", "name": "a"}, {"id": "berlin", "name": "b"}, {"id": "hamburg", "name": "c"}]}),
        json!({"locations": (0..11).map(|n| json!({"id": format!("l{n}"), "name": "x"})).collect::<Vec<_>>()}),
        json!({"storefront_url": "http://shop.example.com"}),
        json!({"storefront_url": "https://user@shop.example.com"}),
        json!({"storefront_url": "https://shop.example.com/?x=1"}),
        json!({"storefront_url": "javascript:alert(1)"}),
        json!({"review_above": {"amount": -1, "currency": "EUR", "x": 1}}),
        json!({"id": "store_01m6dsg7e0fabs2v1n9dm8936v"}),
        json!({"mode": "live"}),
        json!({"version": 9}),
        json!({"quotas": {"products": 1_000_000}}),
    ] {
        staff.patch("/v1/store", body.clone()).await.expect(422);
    }
    assert_eq!(staff.get("/v1/store").await.json["version"], 1);
    staff.patch("/v1/store", json!({"storefront_url": "http://localhost:5173"})).await.expect(200);
    let stale = [("if-match", "\"1\"")];
    staff.send(http::Method::PATCH, "/v1/store", Some(json!({"name": "x"})), &stale).await.expect(412);
    assert_eq!(market.shopper().0.get("/v1/store").await.expect(403).text_at("/scope"), "settings:read");
    assert_eq!(
        market.shopper().0.patch("/v1/store", json!({})).await.expect(403).text_at("/scope"),
        "settings:write"
    );
}
