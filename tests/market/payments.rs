//! Providers that answer late, lose their answers, or say nothing.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use souk_cloud::{AwsError, CallInfo, Fault, Faults};
use souk_local::engine::Happening;
use souk_tests::{TestMarket, until};

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_asked_for_again_and_charges_once() {
    let market = TestMarket::with_mugs(5).await;
    let shopper = market.shopper();
    let yes = shopper.buy("MUG", 1, "pm_souk_answer_lost").await;
    let no = shopper.buy("MUG", 1, "pm_souk_answer_lost_declined").await;
    until(&shopper.0, &yes, |order| order["payment"]["status"] == "captured").await;
    until(&shopper.0, &no, |order| order["status"] == "canceled").await;
    let captures: Vec<_> =
        market.payments().await.iter().map(|payment| payment["captures"].clone()).collect();
    assert_eq!(captures.iter().filter(|count| **count == 1).count(), 1, "{captures:?}");
}

#[tokio::test(start_paused = true)]
async fn a_late_yes_confirms_and_a_late_no_cancels() {
    let market = TestMarket::with_mugs(5).await;
    let shopper = market.shopper();
    let yes = shopper.buy("MUG", 1, "pm_souk_late").await;
    let no = shopper.buy("MUG", 1, "pm_souk_late_declined").await;
    market.market.quiet().await;
    assert_eq!(shopper.0.get(&yes).await.text_at("/status"), "pending");
    until(&shopper.0, &yes, |order| order["status"] == "confirmed").await;
    until(&shopper.0, &no, |order| order["status"] == "canceled").await;
}

#[tokio::test(start_paused = true)]
async fn a_silent_provider_ends_in_a_cancellation_that_holds_nothing() {
    let market = TestMarket::with_mugs(5).await;
    let shopper = market.shopper();
    let order = shopper.buy("MUG", 1, "pm_souk_silent").await;
    let order = until(&shopper.0, &order, |order| order["status"] == "canceled").await;
    assert_eq!(order.text_at("/cancellation/cause"), "payment_timeout");
    assert_eq!(order.text_at("/payment/status"), "voided");
    assert_eq!(market.staff().stock("MUG").await, (5, 0, 5));
    // The door is closed at the provider too: a yes that comes now finds the payment voided.
    let payments = market.payments().await;
    assert_eq!(payments[0]["status"], "voided");
}

#[tokio::test(start_paused = true)]
async fn a_signed_notification_wakes_the_saga_before_the_sweeper_does() {
    let market = TestMarket::open(|options| {
        options.schedules = false;
        options.webhooks = false;
    })
    .await;
    market.staff().sell("MUG", 1000, 5).await;
    let shopper = market.shopper();
    let order = shopper.buy("MUG", 1, "pm_souk_late").await;
    market.market.quiet().await;
    tokio::time::sleep(std::time::Duration::from_secs(25)).await;
    assert_eq!(shopper.0.get(&order).await.text_at("/status"), "pending", "nobody has asked since");

    let notice = market.notice(&order).await;
    let send = |signature: String| {
        let (market, body) = (&market, &notice.body);
        async move { market.send_notice(body, &signature).await }
    };
    send(String::new()).await.expect(400);
    send(notice.signature.replace("v1=", "v1=0")).await.expect(400);
    // Three times at once, as providers do.
    for answer in futures::future::join_all((0..3).map(|_| send(notice.signature.clone()))).await {
        answer.expect(200);
    }
    market.market.settled().await;
    let order = shopper.0.get(&order).await;
    assert_eq!(order.text_at("/payment/status"), "captured", "{}", order.text);
    assert_eq!(market.payments().await[0]["captures"], 1);

    tokio::time::sleep(std::time::Duration::from_secs(301)).await;
    assert_eq!(send(notice.signature.clone()).await.expect(400).code(), "invalid_signature", "too old");
}

/// The notifications that the sandbox sent, as their tries and how they were answered.
fn webhooks(market: &TestMarket) -> Vec<(usize, u16)> {
    let happenings = market.happenings().into_iter();
    happenings
        .filter_map(|happening| match happening {
            Happening::Webhook(webhook) => Some((webhook.attempt, webhook.status)),
            _ => None,
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_sandbox_notifies_of_what_it_decides_late_and_nobody_has_to_ask() {
    let market = TestMarket::open(|options| options.schedules = false).await;
    market.staff().sell("MUG", 1000, 5).await;
    let shopper = market.shopper();
    let (yes, no) =
        (shopper.buy("MUG", 1, "pm_souk_late").await, shopper.buy("MUG", 1, "pm_souk_late_declined").await);
    let at_once = shopper.buy("MUG", 1, "pm_card_visa").await;
    market.market.quiet().await;
    let status = async |path: &str| shopper.0.get(path).await.text_at("/payment/status").to_owned();
    assert_eq!((status(&yes).await, status(&at_once).await), ("none".to_owned(), "captured".to_owned()));

    let placed = market.clock().now();
    market.market.settled().await;
    let seconds = market.clock().now().duration_since(placed).as_secs();
    assert!((15..25).contains(&seconds), "after {seconds} s: the sandbox takes 20");
    assert_eq!((status(&yes).await, status(&no).await), ("captured".to_owned(), "failed".to_owned()));
    assert_eq!(webhooks(&market), [(1, 200), (1, 200)]);
}

/// The queue behind the receiver of notifications is down, for so many calls.
struct Deaf(AtomicU32);

impl Faults for Deaf {
    fn before(&self, call: &CallInfo) -> Option<Fault> {
        let meant = call.caller == "payment-events" && call.service == "sqs";
        let down =
            meant && self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
        down.then(|| Fault::Refuse(AwsError::new("KmsAccessDenied", "down").into()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_notification_that_is_not_taken_is_sent_again() {
    let market = TestMarket::open(|options| {
        options.schedules = false;
        options.faults = Some(Arc::new(Deaf(AtomicU32::new(2))));
    })
    .await;
    market.staff().sell("MUG", 1000, 5).await;
    let shopper = market.shopper();
    let order = shopper.buy("MUG", 1, "pm_souk_late").await;
    market.market.settled().await;
    assert_eq!(webhooks(&market), [(1, 500), (2, 500), (3, 200)]);
    assert_eq!(shopper.0.get(&order).await.text_at("/payment/status"), "captured");
    assert_eq!(market.payments().await[0]["captures"], 1);
}
