//! Carts that have ended.

use jiff::SignedDuration;
use serde_json::json;
use souk_tests::TestMarket;

/// DynamoDB deletes what has expired days later. Nobody may notice.
#[tokio::test(start_paused = true)]
async fn a_cart_that_has_expired_is_gone_before_it_is_deleted() {
    let market = TestMarket::with_mugs(5).await;
    let shopper = market.shopper();
    let cart = shopper.cart("MUG", 1).await;
    let path = |end: &str| format!("{cart}{end}");
    let days = |days: i64| SignedDuration::from_hours(24 * days);

    market.leap(days(29));
    shopper.0.get(&cart).await.expect(200);
    market.leap(days(1));
    shopper.0.get(&cart).await.expect(404);
    shopper.0.patch(&cart, json!({"email": "eve@example.com"})).await.expect(404);
    shopper.0.post(&path("/lines"), json!({"sku": "MUG", "quantity": 1})).await.expect(404);
    shopper.0.patch(&path("/lines/MUG"), json!({"quantity": 2})).await.expect(404);
    shopper.0.delete(&path("/lines/MUG")).await.expect(404);
    shopper.check_out(&cart, "pm_card_visa").await.expect(404);
    assert_eq!(market.state_items("cart").await.len(), 1, "else the table hid it, not the code");
    assert_eq!(market.staff().stock("MUG").await, (5, 0, 5));
}

/// Each change lets a cart live on.
#[tokio::test(start_paused = true)]
async fn a_cart_that_is_used_does_not_expire() {
    let market = TestMarket::with_mugs(5).await;
    let shopper = market.shopper();
    let cart = shopper.cart("MUG", 1).await;
    for quantity in 2..5 {
        market.leap(SignedDuration::from_hours(24 * 29));
        shopper.0.patch(&format!("{cart}/lines/MUG"), json!({"quantity": quantity})).await.expect(200);
    }
    shopper.check_out(&cart, "pm_card_visa").await.expect(202);
}
