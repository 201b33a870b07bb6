//! What a store may have and use.

use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};
use souk_tests::{Answer, Api, TestMarket};

fn product(sku: &str) -> Value {
    json!({"name": sku, "variants": [{"sku": sku, "price": {"amount": 100, "currency": "EUR"}}]})
}

async fn create(api: &Api, sku: &str) -> Answer {
    api.post("/v1/products", product(sku)).await
}

#[tokio::test(start_paused = true)]
async fn a_full_catalog_takes_no_more_until_something_is_archived() {
    let market = TestMarket::open(|_| {}).await;
    let (_, _, staff) = market.store_with(json!({"quotas": {"products": 2}})).await;
    let first = create(&staff, "A").await.expect(201);
    create(&staff, "B").await.expect(201);
    let refused = create(&staff, "C").await.expect(403);
    assert_eq!((refused.code(), refused.header("retry-after")), ("quota_exceeded", ""));
    // What is there can still be changed, and another store's quota is its own.
    staff.patch(first.header("location"), json!({"name": "Other"})).await.expect(200);
    let (_, _, other) = market.another_store().await;
    for sku in ["A", "B", "C"] {
        create(&other, sku).await.expect(201);
    }
    staff.delete(first.header("location")).await.expect(204);
    create(&staff, "C").await.expect(201);
    create(&staff, "D").await.expect(403);
}

#[tokio::test(start_paused = true)]
async fn a_quota_holds_for_many_at_once() {
    let market = TestMarket::crowded(0).await;
    let (_, _, staff) = market.store_with(json!({"quotas": {"products": 3}})).await;
    let answers = join_all((0..12).map(|n| {
        let staff = &staff;
        async move { create(staff, &format!("SKU-{n}")).await }
    }))
    .await;
    let created = answers.iter().filter(|answer| answer.status == 201).count();
    assert!(created <= 3, "{created} were created");
    assert!(answers.iter().all(|answer| [201, 403, 503].contains(&answer.status.as_u16())));
    assert_eq!(staff.get("/v1/products").await.json["data"].as_array().unwrap().len(), created);
}

#[tokio::test(start_paused = true)]
async fn storage_is_counted_in_bytes() {
    let market = TestMarket::open(|_| {}).await;
    let (_, _, staff) = market.store_with(json!({"quotas": {"storage_bytes": 2000}})).await;
    let first = create(&staff, "A").await.expect(201);
    let large = json!({"description": "x".repeat(3000)});
    let refused = staff.patch(first.header("location"), large).await.expect(403);
    assert_eq!(refused.code(), "quota_exceeded");
    staff.patch(first.header("location"), json!({"description": "short"})).await.expect(200);
}

#[tokio::test(start_paused = true)]
async fn a_days_requests_are_counted_and_come_back() {
    let market = TestMarket::open(|_| {}).await;
    let (_, _, staff) = market.store_with(json!({"quotas": {"requests_per_day": 20}})).await;
    let mut passed = 0;
    for _ in 0..30 {
        passed += u32::from(staff.get("/v1/products").await.status == 200);
    }
    assert_eq!(passed, 20);
    let refused = staff.get("/v1/products").await.expect(429);
    assert_eq!(refused.code(), "request_quota_exceeded");
    // The market opened at nine in the morning, by UTC.
    let wait: i64 = refused.header("retry-after").parse().unwrap();
    assert!((14 * 3600..=15 * 3600).contains(&wait), "{wait}");
    market.leap(SignedDuration::from_secs(wait + 1));
    staff.get("/v1/products").await.expect(200);
}
