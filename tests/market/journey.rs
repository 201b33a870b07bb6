//! The journey: a shopper buys, staff send the parcel.

use serde_json::json;
use souk_tests::{TestMarket, until};

#[tokio::test(start_paused = true)]
async fn a_shopper_buys_and_staff_send_the_parcel() {
    let market = TestMarket::with_mugs(10).await;
    let (shopper, staff) = (market.shopper(), market.staff());

    let health = shopper.0.with_key(None).get("/health").await.expect(200);
    assert_eq!(health.text_at("/status"), "ok");

    let products = shopper.0.get("/v1/products").await.expect(200);
    let variant = &products.json["data"][0]["variants"][0];
    assert_eq!(variant["sku"], "MUG");
    assert_eq!(variant["price"], json!({"amount": 1250, "currency": "EUR"}));
    assert_eq!(variant["available"], 10);
    assert_eq!(products.json["has_more"], false);

    let cart = shopper.0.post("/v1/carts", json!({"currency": "EUR"})).await.expect(201);
    assert_eq!(cart.json["lines"], json!([]));
    assert_eq!(cart.json["version"], 1);
    assert!(!cart.header("etag").is_empty());
    let path = cart.header("location").to_owned();
    assert_eq!(path, format!("/v1/carts/{}", cart.text_at("/id")));

    let cart =
        shopper.0.post(&format!("{path}/lines"), json!({"sku": "MUG", "quantity": 2})).await.expect(200);
    assert_eq!(cart.json["totals"]["total"], json!({"amount": 2500, "currency": "EUR"}));
    let contact = json!({
        "email": "ada@example.com",
        "shipping_address": {"name": "Ada", "line1": "12 Analytical Row", "city": "Berlin", "country": "DE"},
    });
    shopper.0.patch(&path, contact).await.expect(200);

    let placed = shopper.check_out(&path, "pm_card_visa").await.expect(202);
    assert_eq!(placed.text_at("/status"), "pending");
    assert!(placed.text_at("/id").starts_with("ord_"));
    let order = placed.header("location").to_owned();

    let confirmed = until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
    assert_eq!(confirmed.text_at("/status"), "confirmed");
    assert_eq!(staff.stock("MUG").await, (10, 2, 8));

    let parcel =
        staff.0.post(&format!("{order}/fulfillments"), json!({"tracking": "JD0001"})).await.expect(201);
    assert_eq!(parcel.json["lines"], json!([{"sku": "MUG", "quantity": 2}]));
    market.market.settled().await;
    let sent = shopper.0.get(&order).await.expect(200);
    assert_eq!(sent.text_at("/status"), "fulfilled");
    assert_eq!(staff.stock("MUG").await, (8, 0, 8));

    let story: Vec<_> = sent.json["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        story,
        [
            "order.placed",
            "order.stock_reserved",
            "order.risk_assessed",
            "order.payment_authorized",
            "order.confirmed",
            "order.payment_captured",
            "order.fulfillment_created",
            "order.stock_shipped",
        ]
    );

    let listed = staff.0.get("/v1/orders?status=fulfilled").await.expect(200);
    assert_eq!(listed.json["data"][0]["id"], sent.json["id"]);
    let mails = market.market.cloud().ses.messages();
    assert_eq!(mails.len(), 2, "one for the confirmation, one for the parcel");
    let payments = market.payments().await;
    assert_eq!(payments.len(), 1);
    assert_eq!(payments[0]["captures"], 1);
}
