//! Who waits for what comes of their order has it paid by the function that placed it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use souk_cloud::{AwsError, CallInfo, Fault, Faults};
use souk_local::engine::Happening;
use souk_tests::{TestMarket, until};

/// How often the saga was woken.
fn woken(market: &TestMarket) -> usize {
    let woken = |happening: &&Happening| matches!(happening, Happening::Delivered { queue, .. } if queue.ends_with("-advance-orders"));
    market.happenings().iter().filter(woken).count()
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_answered_with_the_outcome_and_wakes_nobody() {
    let market = TestMarket::open(|_| {}).await;
    market.staff().sell("MUG", 1250, 4).await;
    let shopper = market.shopper();
    let cart = shopper.cart("MUG", 1).await;
    let paid = shopper.check_out_and_wait(&cart, "pm_card_visa", 20).await.expect(202);
    assert_eq!(
        (paid.text_at("/status"), paid.text_at("/payment/status"), paid.header("preference-applied")),
        ("confirmed", "captured", "wait=20")
    );
    market.market.settled().await;
    assert_eq!(woken(&market), 0);
    let again = shopper.check_out_and_wait(&cart, "pm_card_visa", 20).await.expect(202);
    assert_eq!(again.text, paid.text);
    assert_eq!(market.staff().stock("MUG").await, (4, 1, 3));
}

#[tokio::test(start_paused = true)]
async fn what_ends_otherwise_than_paid_is_left_to_the_saga() {
    let market = TestMarket::open(|_| {}).await;
    market.staff().sell("MUG", 1250, 9).await;
    let shopper = market.shopper();
    for (method, seconds, status, wakes) in [
        ("pm_card_chargeDeclined", 20, "canceled", 1),
        ("pm_card_threeDSecure2Required", 20, "pending", 0),
        ("pm_card_riskLevelElevated", 20, "in_review", 0),
        // Sooner than a provider may have answered.
        ("pm_card_visa", 4, "confirmed", 1),
    ] {
        let cart = shopper.cart("MUG", 1).await;
        let before = woken(&market);
        let answer = shopper.check_out_and_wait(&cart, method, seconds).await.expect(202);
        assert_eq!(answer.text_at("/status"), status, "{method}: {}", answer.text);
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(woken(&market) - before, wakes, "{method}");
    }
}

/// Nothing works for `checkout` once it has placed an order.
#[derive(Default)]
struct Stumble {
    placed: AtomicBool,
    over: AtomicBool,
}

impl Faults for Stumble {
    fn before(&self, call: &CallInfo) -> Option<Fault> {
        if call.caller != "checkout" || self.over.load(Ordering::Relaxed) {
            return None;
        }
        let places = call.operation == "TransactWriteItems";
        let stumbles = self.placed.fetch_or(places, Ordering::Relaxed) && !places;
        stumbles.then(|| Fault::Refuse(AwsError::new("ValidationException", "stumbled").into()))
    }
}

/// A cart is checked out, and nothing works once its order is placed; then everything does again.
async fn stumbled() -> (TestMarket, String) {
    let faults = Arc::new(Stumble::default());
    let market = TestMarket::open(|options| options.faults = Some(faults.clone())).await;
    market.staff().sell("MUG", 1250, 4).await;
    let shopper = market.shopper();
    let cart = shopper.cart("MUG", 1).await;
    shopper.check_out_and_wait(&cart, "pm_card_visa", 20).await.expect(500);
    assert!(faults.placed.load(Ordering::Relaxed), "it was not placed");
    faults.over.store(true, Ordering::Relaxed);
    (market, cart)
}

#[tokio::test(start_paused = true)]
async fn the_sweeper_finds_the_order_of_who_stumbled_over_it() {
    let (market, _) = stumbled().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let orders = market.staff().0.get("/v1/orders").await.expect(200);
    let order = format!("/v1/orders/{}", orders.text_at("/data/0/id"));
    assert_eq!(woken(&market), 0);
    let paid = until(&market.shopper().0, &order, |order| order["status"] == "confirmed").await;
    assert_eq!(paid.json["payment"]["captured"], json!({"amount": 1250, "currency": "EUR"}));
    assert_eq!(woken(&market), 1);
    assert_eq!(market.staff().stock("MUG").await, (4, 1, 3));
}

#[tokio::test(start_paused = true)]
async fn who_asks_again_has_the_order_carried_on() {
    let (market, cart) = stumbled().await;
    let shopper = market.shopper();
    let paid = shopper.check_out_and_wait(&cart, "pm_card_visa", 20).await.expect(202);
    assert_eq!((paid.text_at("/status"), paid.header("idempotent-replayed")), ("confirmed", "true"));
    assert_eq!(woken(&market), 0);
    let again = shopper.check_out_and_wait(&cart, "pm_card_visa", 20).await.expect(202);
    assert_eq!(again.text, paid.text);
    assert_eq!(market.staff().stock("MUG").await, (4, 1, 3));
}
