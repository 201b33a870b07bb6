//! Orders that wait for a person.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use serde_json::json;
use souk_cloud::{AwsError, CallInfo, Fault, Faults};
use souk_tests::{TestMarket, until};

#[tokio::test(start_paused = true)]
async fn an_order_held_for_review_goes_on_or_ends_as_staff_decide() {
    let market = TestMarket::with_mugs(5).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    let (good, bad) = (
        shopper.buy("MUG", 1, "pm_card_riskLevelElevated").await,
        shopper.buy("MUG", 1, "pm_card_riskLevelElevated").await,
    );
    market.market.settled().await;
    for order in [&good, &bad] {
        let held = shopper.0.get(order).await.expect(200);
        assert_eq!(held.text_at("/status"), "in_review");
        assert_eq!(held.json["risk"]["reasons"], json!(["provider_risk_elevated"]));
    }
    assert_eq!(staff.stock("MUG").await, (5, 2, 3), "held while it is decided");
    assert!(market.payments().await.is_empty(), "no money is asked for before");

    staff.0.post(&format!("{good}/approve"), json!({})).await.expect(202);
    staff.0.post(&format!("{bad}/reject"), json!({"reason": "known fraud"})).await.expect(202);
    until(&shopper.0, &good, |order| order["payment"]["status"] == "captured").await;
    let ended = until(&shopper.0, &bad, |order| order["status"] == "canceled").await;
    assert_eq!(ended.text_at("/cancellation/cause"), "review_rejected");
    staff.0.post(&format!("{good}/reject"), json!({})).await.expect(409);
    market.market.settled().await;
    assert_eq!(staff.stock("MUG").await, (5, 1, 4));
}

#[tokio::test(start_paused = true)]
async fn a_review_that_nobody_decides_ends_after_three_days() {
    let market = TestMarket::open(|_| {}).await;
    market.staff().sell("GOLD", 600_000, 1).await;
    let shopper = market.shopper();
    let order = shopper.buy("GOLD", 1, "pm_card_visa").await;
    market.market.settled().await;
    assert_eq!(shopper.0.get(&order).await.json["risk"]["reasons"], json!(["amount_above_limit"]));
    market.leap(SignedDuration::from_hours(73));
    let ended = until(&shopper.0, &order, |order| order["status"] == "canceled").await;
    assert_eq!(ended.text_at("/cancellation/cause"), "review_expired");
    assert_eq!(market.staff().stock("GOLD").await, (1, 0, 1));
}

/// Nothing is published.
struct NoTopic;

impl Faults for NoTopic {
    fn before(&self, call: &CallInfo) -> Option<Fault> {
        (call.service == "sns").then(|| Fault::Refuse(AwsError::new("InternalError", "down").into()))
    }
}

/// The order is put off for three days because somebody has to decide; meanwhile somebody does.
#[tokio::test(start_paused = true)]
async fn an_approval_is_not_put_off_with_the_review() {
    let market = TestMarket::open(|options| options.faults = Some(Arc::new(NoTopic))).await;
    market.staff().sell("GOLD", 600_000, 1).await;
    let shopper = market.shopper();
    let order = shopper.buy("GOLD", 1, "pm_card_visa").await;
    while shopper.0.get(&order).await.expect(200).text_at("/status") != "in_review" {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    market.staff().0.post(&format!("{order}/approve"), json!({})).await.expect(202);
    let approved = market.clock().now();
    until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
    let minutes = market.clock().now().duration_since(approved).as_secs() / 60;
    assert!(minutes <= 3, "every message is lost, and it took {minutes} minutes");
}
