//! Cancellations: whatever they race with, nothing is held in the end.

use serde_json::json;
use souk_tests::{TestMarket, until};

#[tokio::test(start_paused = true)]
async fn a_paid_order_is_canceled_and_refunded() {
    let market = TestMarket::with_mugs(5).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    let order = shopper.buy("MUG", 2, "pm_card_visa").await;
    until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
    staff.0.post(&format!("{order}/cancel"), json!({"reason": "the shopper called"})).await.expect(202);
    let canceled = until(&shopper.0, &order, |order| order["status"] == "canceled").await;
    assert_eq!(canceled.text_at("/payment/status"), "refunded");
    assert_eq!(canceled.text_at("/cancellation/reason"), "the shopper called");
    assert_eq!(staff.stock("MUG").await, (5, 0, 5));
    // Once more changes nothing.
    staff.0.post(&format!("{order}/cancel"), json!({})).await.expect(202);
    market.market.settled().await;
    assert_eq!(market.payments().await[0]["refunded"], 2500);
    assert!(market.state_items("work").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_held_payment_is_voided_not_refunded() {
    let market = TestMarket::with_mugs(5).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    let cart = shopper.cart("MUG", 1).await;
    let body = json!({"payment_method": "pm_card_visa", "capture_method": "manual"});
    let order =
        shopper.0.post(&format!("{cart}/checkout"), body).await.expect(202).header("location").to_owned();
    market.market.settled().await;
    let held = shopper.0.get(&order).await;
    assert_eq!((held.text_at("/status"), held.text_at("/payment/status")), ("confirmed", "authorized"));
    staff.0.post(&format!("{order}/cancel"), json!({})).await.expect(202);
    let canceled = until(&shopper.0, &order, |order| order["status"] == "canceled").await;
    assert_eq!(canceled.text_at("/payment/status"), "voided");
    let refusal = staff.0.post(&format!("{order}/captures"), json!({})).await.expect(409);
    assert_eq!(refusal.code(), "order_state");
}

#[tokio::test(start_paused = true)]
async fn staff_take_the_money_when_they_are_ready() {
    let market = TestMarket::with_mugs(5).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    let cart = shopper.cart("MUG", 1).await;
    let body = json!({"payment_method": "pm_card_visa", "capture_method": "manual"});
    let order =
        shopper.0.post(&format!("{cart}/checkout"), body).await.expect(202).header("location").to_owned();
    market.market.settled().await;
    for _ in 0..3 {
        staff.0.post(&format!("{order}/captures"), json!({})).await.expect(201);
    }
    until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
    assert_eq!(market.payments().await[0]["captures"], 1);
}

/// The cancellation comes at every moment of the order's way, from before the stock is reserved to after the capture.
#[tokio::test(start_paused = true)]
async fn a_cancellation_races_every_step() {
    for delay in (0..400).step_by(20) {
        let market = TestMarket::crowded(5).await;
        let (shopper, staff) = (market.shopper(), market.staff());
        let order = shopper.buy("MUG", 1, "pm_card_visa").await;
        tokio::time::sleep(std::time::Duration::from_millis(delay)).await;
        staff.0.post(&format!("{order}/cancel"), json!({})).await.expect(202);
        let end = until(&shopper.0, &order, |order| order["status"] == "canceled").await;
        market.market.settled().await;
        assert_eq!(staff.stock("MUG").await, (5, 0, 5), "after {delay} ms: {}", end.text);
        for payment in market.payments().await {
            assert_eq!(payment["captured"], payment["refunded"], "after {delay} ms: {payment}");
            assert!(payment["status"] != "authorized", "after {delay} ms: {payment}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_can_no_longer_be_canceled() {
    let market = TestMarket::with_mugs(5).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    let order = shopper.buy("MUG", 3, "pm_card_visa").await;
    market.market.settled().await;
    let parcel =
        json!({"lines": [{"sku": "MUG", "quantity": 1}], "tracking": {"number": "JD1", "carrier": "DHL"}});
    staff.0.post(&format!("{order}/fulfillments"), parcel).await.expect(201);
    market.market.settled().await;
    assert_eq!(shopper.0.get(&order).await.text_at("/status"), "partially_fulfilled");
    assert_eq!(staff.stock("MUG").await, (4, 2, 2));
    assert_eq!(staff.0.post(&format!("{order}/cancel"), json!({})).await.expect(409).code(), "order_state");
    let too_many = json!({"lines": [{"sku": "MUG", "quantity": 3}]});
    staff.0.post(&format!("{order}/fulfillments"), too_many).await.expect(422);
    staff.0.post(&format!("{order}/fulfillments"), json!({})).await.expect(201);
    market.market.settled().await;
    assert_eq!(shopper.0.get(&order).await.text_at("/status"), "fulfilled");
    assert_eq!(staff.stock("MUG").await, (2, 0, 2));
}
