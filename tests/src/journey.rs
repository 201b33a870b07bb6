//! The journey that Souk's contract promises, on any market: in this process, in another one, deployed.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{Api, Shopper, until};

/// How long an order may take in real time. A saga that lost its message is found by the sweeper within minutes.
const PATIENCE: Duration = Duration::from_secs(240);

/// A shopper with the store's publishable key buys one of what the store has, and staff with its secret key send it.
/// The store keeps the order: run it on a store that is there for that, in test mode.
pub async fn journey(publishable: &Api, secret: &Api) {
    let health = publishable.with_key(None).get("/health").await.expect(200);
    assert_eq!(health.text_at("/status"), "ok");
    assert!(!health.text_at("/version").is_empty(), "{}", health.text);

    let (sku, price) =
        something(publishable).await.expect("the store has nothing to buy: put something on its shelves");
    let currency = price["currency"].as_str().unwrap();
    let cart = publishable.post("/v1/carts", json!({"currency": currency})).await.expect(201);
    assert_eq!((&cart.json["version"], &cart.json["lines"]), (&json!(1), &json!([])));
    assert!(!cart.header("etag").is_empty(), "a cart has an ETag");
    let path = cart.header("location").to_owned();
    assert_eq!(path, format!("/v1/carts/{}", cart.text_at("/id")));
    let cart =
        publishable.post(&format!("{path}/lines"), json!({"sku": sku, "quantity": 1})).await.expect(200);
    assert_eq!(cart.json["totals"]["subtotal"], price);
    for part in ["discount", "shipping", "tax", "total"] {
        assert_eq!(cart.json["totals"][part]["currency"], currency, "{part}");
    }
    let contact = json!({
        "email": "ada@example.com",
        "shipping_address": {"name": "Ada Lovelace", "line1": "12 Analytical Row", "city": "Berlin", "postal_code": "10115", "country": "DE"},
    });
    publishable.patch(&path, contact).await.expect(200);

    let placed = Shopper(publishable.clone()).check_out(&path, "pm_card_visa").await.expect(202);
    assert!(
        placed.text_at("/id").starts_with("ord_") && !placed.text_at("/number").is_empty(),
        "{}",
        placed.text
    );
    assert_eq!(placed.text_at("/status"), "pending");
    let order = format!("/v1/orders/{}", placed.text_at("/id"));
    let paid = reaches(publishable, &order, |order| order["payment"]["status"] == "captured").await;
    assert_eq!(paid["status"], "confirmed", "{paid}");

    secret.post(&format!("{order}/fulfillments"), json!({"tracking": "JD0001"})).await.expect(201);
    let sent = reaches(publishable, &order, |order| order["status"] == "fulfilled").await;
    let story: Vec<_> =
        sent["timeline"].as_array().unwrap().iter().map(|entry| entry["type"].as_str().unwrap()).collect();
    for step in [
        "order.placed",
        "order.payment_authorized",
        "order.confirmed",
        "order.payment_captured",
        "order.fulfillment_created",
    ] {
        assert!(story.contains(&step), "{step} isn't in {story:?}");
    }
}

/// A variant that is there: its SKU and price.
async fn something(publishable: &Api) -> Option<(String, Value)> {
    let mut path = "/v1/products?limit=20".to_owned();
    loop {
        let page = publishable.get(&path).await.expect(200);
        let variants = page.json["data"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|product| product["variants"].as_array().unwrap());
        let mut there = variants.filter(|variant| variant["available"].as_u64() > Some(0));
        if let Some(variant) = there.next() {
            return Some((variant["sku"].as_str().unwrap().to_owned(), variant["price"].clone()));
        }
        path = format!("/v1/products?limit=20&cursor={}", page.json["next_cursor"].as_str()?);
    }
}

async fn reaches(api: &Api, path: &str, done: impl Fn(&Value) -> bool) -> Value {
    match tokio::time::timeout(PATIENCE, until(api, path, done)).await {
        Ok(answer) => answer.json,
        Err(_) => panic!("{path} got no further: {}", api.get(path).await.text),
    }
}
