//! Shoppers who must prove to their bank who they are, and shoppers who have their bank take the money back.

use serde_json::json;
use souk_local::engine::Happening;
use souk_tests::{Answer, TestMarket, until};

/// What the browser of the order's shopper tells the sandbox.
pub async fn confirm(market: &TestMarket, order: &str, outcome: &str) -> Answer {
    let order = market.shopper().0.get(order).await;
    let secret = order.text_at("/payment/action/client_secret");
    let told = json!({"type": "payment.confirm", "client_secret": secret, "outcome": outcome});
    market.send_notice(&told.to_string(), "").await
}

async fn market() -> TestMarket {
    // Nothing but what the test does moves an order.
    let market = TestMarket::open(|options| options.schedules = false).await;
    market.staff().sell("MUG", 1000, 5).await;
    market
}

#[tokio::test(start_paused = true)]
async fn a_shopper_proves_who_they_are_and_is_charged() {
    let market = market().await;
    let shopper = market.shopper();
    let cart = shopper.cart("MUG", 1).await;
    let pay = json!({"payment_method": "pm_card_authenticationRequired"});
    let headers = [("idempotency-key", "once"), ("prefer", "wait=10")];
    let placed = shopper.0.send(http::Method::POST, &format!("{cart}/checkout"), Some(pay), &headers).await;
    let placed = placed.expect(202);
    assert_eq!(placed.text_at("/payment/action/type"), "sandbox");
    assert!(placed.text_at("/payment/action/client_secret").starts_with("sandbox_ord_"));
    let order = placed.header("location").to_owned();

    let wrong =
        json!({"type": "payment.confirm", "client_secret": "sandbox_ord_1_secret_0", "outcome": "succeed"});
    assert_eq!(market.send_notice(&wrong.to_string(), "").await.expect(400).code(), "invalid_signature");
    confirm(&market, &order, "succeed").await.expect(200);
    market.market.settled().await;
    let paid = shopper.0.get(&order).await;
    assert_eq!(paid.text_at("/payment/status"), "captured", "{}", paid.text);
    assert!(paid.json["payment"]["action"].is_null(), "what is done is no longer asked for");
    assert_eq!(market.payments().await[0]["captures"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_shopper_who_fails_to_is_declined() {
    let market = market().await;
    let order = market.shopper().buy("MUG", 1, "pm_card_threeDSecure2Required").await;
    market.market.settled().await;
    confirm(&market, &order, "decline").await.expect(200);
    market.market.settled().await;
    let order = market.shopper().0.get(&order).await;
    assert_eq!(order.text_at("/status"), "canceled");
    assert_eq!(order.text_at("/payment/decline/code"), "payment_intent_authentication_failure");
}

#[tokio::test(start_paused = true)]
async fn a_shopper_who_walks_away_leaves_nothing_held() {
    let market = TestMarket::with_mugs(5).await;
    let shopper = market.shopper();
    let order = shopper.buy("MUG", 1, "pm_card_threeDSecure2Required").await;
    let order = until(&shopper.0, &order, |order| order["status"] == "canceled").await;
    assert_eq!(order.text_at("/cancellation/cause"), "payment_timeout");
    assert_eq!(market.payments().await[0]["status"], "voided");
    assert_eq!(market.staff().stock("MUG").await, (5, 0, 5));
}

/// Nothing that is published has what a browser confirms a payment with.
#[tokio::test(start_paused = true)]
async fn the_browsers_secret_stays_with_the_shopper() {
    let market = market().await;
    market.market.hear_topics().unwrap();
    let order = market.shopper().buy("MUG", 1, "pm_card_threeDSecure2Required").await;
    market.market.settled().await;
    let order = market.shopper().0.get(&order).await;
    let secret = order.text_at("/payment/action/client_secret").to_owned();
    let events = market.all_items("-events").await;
    let recorded: Vec<_> = events.iter().map(ToString::to_string).collect();
    assert!(recorded.iter().any(|event| event.contains("order.payment_action_required")));
    assert!(!recorded.iter().any(|event| event.contains(&secret)), "sealed where it is recorded");
    let happenings = market.happenings().into_iter();
    let published: Vec<_> = happenings
        .filter_map(|happening| match happening {
            Happening::Published { message, .. } => Some(message),
            _ => None,
        })
        .collect();
    assert!(published.iter().any(|message| message.contains("order.payment_action_required")));
    assert!(!published.iter().any(|message| message.contains("client_action") || message.contains(&secret)));
}

/// The browser's confirmation, the provider's webhook three times and the sweeper's look, all at once.
#[tokio::test(start_paused = true)]
async fn whoever_comes_first_the_money_is_taken_once() {
    for place in 0..6 {
        let market = TestMarket::crowded(5).await;
        let shopper = market.shopper();
        let order = shopper.buy("MUG", 1, "pm_card_threeDSecure2Required").await;
        until(&shopper.0, &order, |order| !order["payment"]["action"].is_null()).await;
        let notice = market.notice(&order).await;
        let pause = |turns: u64| tokio::time::sleep(std::time::Duration::from_millis(turns * place));
        let webhook = |turn: u64| {
            let (market, notice) = (&market, &notice);
            async move {
                pause(turn).await;
                market.send_notice(&notice.body, &notice.signature).await.expect(200);
            }
        };
        let confirms = async {
            pause(2).await;
            confirm(&market, &order, "succeed").await.expect(200);
        };
        tokio::join!(webhook(1), webhook(2), webhook(3), confirms);
        let paid = until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
        assert_eq!(paid.text_at("/status"), "confirmed");
        let payments = market.payments().await;
        assert_eq!((payments.len(), &payments[0]["captures"]), (1, &json!(1)), "{place}");
        let kinds: Vec<_> =
            paid.json["timeline"].as_array().unwrap().iter().map(|it| it["type"].clone()).collect();
        for once in ["order.payment_action_required", "order.payment_authorized", "order.payment_captured"] {
            assert_eq!(kinds.iter().filter(|kind| **kind == once).count(), 1, "{once} in {kinds:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_dispute_is_told_once_when_it_opens_and_once_when_it_is_over() {
    let market = market().await;
    let shopper = market.shopper();
    let order = shopper.buy("MUG", 1, "pm_card_createDispute").await;
    market.market.settled().await;
    // Told again, nothing happens twice.
    for _ in 0..3 {
        market.notify_payment(&order).await.expect(200);
    }
    market.market.settled().await;
    let order = shopper.0.get(&order).await;
    let disputes = &order.json["payment"]["disputes"];
    assert_eq!(
        (disputes[0]["status"].clone(), disputes[0]["amount"]["amount"].clone()),
        (json!("lost"), json!(1000))
    );
    assert_eq!(disputes.as_array().unwrap().len(), 1);
    let kinds: Vec<_> =
        order.json["timeline"].as_array().unwrap().iter().map(|it| it["type"].clone()).collect();
    for once in ["order.dispute_opened", "order.dispute_closed"] {
        assert_eq!(kinds.iter().filter(|kind| **kind == once).count(), 1, "{once} in {kinds:?}");
    }
}

/// What the provider lists is what it was asked for, page by page, whatever day it is.
#[tokio::test(start_paused = true)]
async fn the_provider_lists_its_payments_by_time() {
    use souk::payment::{Provider as _, Sandbox};

    let market = market().await;
    let sandbox = Sandbox::new(market.app(), market.tenant());
    let begin = market.clock().now();
    for _ in 0..3 {
        market.shopper().buy("MUG", 1, "pm_card_visa").await;
        market.market.settled().await;
        market.leap(jiff::SignedDuration::from_hours(30));
    }
    let listed = async |from| {
        let (mut keys, mut cursor, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = sandbox.payments_since(from, cursor).await.unwrap();
            keys.extend(page.payments.into_iter().filter_map(|payment| payment.key));
            (cursor, pages) = (page.next, pages + 1);
            assert!(pages < 20);
            if cursor.is_none() {
                return keys;
            }
        }
    };
    assert_eq!(listed(begin).await.len(), 3);
    assert_eq!(listed(begin + jiff::SignedDuration::from_hours(40)).await.len(), 1);
    assert_eq!(listed(market.clock().now()).await.len(), 0);
}
