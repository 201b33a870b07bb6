//! Orders that are paid through Stripe, on its good and bad days.

use ring::hmac;
use serde_json::{Value, json};
use souk::{
    id::{OrderId, RefundId},
    money::Money,
    payment::{CaptureMethod, Charge, Method, PaymentKey, Provider, ProviderError, ProviderStatus, Stripe},
};
use souk_tests::{Answer, FakeStripe, TestMarket, Trouble, until};

async fn market() -> (TestMarket, FakeStripe) {
    let fake = FakeStripe::default();
    let market = TestMarket::open(|options| options.outside = Some(fake.outside())).await;
    market.staff().sell("MUG", 1000, 20).await;
    FakeStripe::connect(&market, None).await;
    (market, fake)
}

/// Stripe as a function sees it.
async fn provider(market: &TestMarket) -> Stripe {
    Stripe::of(&market.app(), market.tenant()).await.unwrap().unwrap()
}

fn key(number: u128) -> PaymentKey {
    PaymentKey::of(OrderId::from_bits(number))
}

fn euros(amount: i64) -> Money {
    Money::new(amount, "EUR".parse().unwrap())
}

fn visa() -> Method {
    "pm_card_visa".parse().unwrap()
}

fn charge(method: &Method) -> Charge<'_> {
    Charge {
        amount: euros(1000),
        method: Some(method),
        capture: CaptureMethod::Manual,
        customer: None,
        save: None,
        present: true,
    }
}

/// What Stripe says of a payment, as it would sign it now.
pub async fn say(market: &TestMarket, kind: &str, object: &Value, secret: &str) -> Answer {
    let body = json!({"type": kind, "livemode": false, "data": {"object": object}}).to_string();
    let time = market.clock().now().as_second();
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
        format!("{time}.{body}").as_bytes(),
    );
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let path = format!("/v1/payment-events/stripe/{}", market.store);
    let header = format!("t={time},v1={hex}");
    let headers = [("stripe-signature", header.as_str())];
    market.shopper().0.with_key(None).send_text(http::Method::POST, &path, body, &headers).await
}

#[tokio::test(start_paused = true)]
async fn an_order_is_authorized_captured_and_given_back() {
    let (market, stripe) = market().await;
    let shopper = market.shopper();
    let order = shopper.buy("MUG", 2, "pm_card_visa").await;
    let paid = until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
    assert_eq!((paid.text_at("/payment/provider"), paid.text_at("/payment/reference")), ("stripe", "pi_1"));
    assert_eq!((stripe.captures(), &stripe.intents()[0]["amount"]), (1, &json!(2000)));
    market.staff().0.post(&format!("{order}/cancel"), json!({})).await.expect(202);
    let back = until(&shopper.0, &order, |order| order["status"] == "canceled").await;
    assert_eq!(back.text_at("/payment/status"), "refunded");
}

#[tokio::test(start_paused = true)]
async fn a_declined_card_ends_the_order_and_leaves_no_door_open() {
    let (market, stripe) = market().await;
    let shopper = market.shopper();
    for (method, code) in
        [("pm_card_chargeDeclined", "insufficient_funds"), ("pm_nobodys", "resource_missing")]
    {
        let order = shopper.buy("MUG", 1, method).await;
        let order = until(&shopper.0, &order, |order| order["status"] == "canceled").await;
        assert_eq!(order.text_at("/payment/decline/code"), code);
    }
    assert!(stripe.intents().iter().all(|intent| intent["status"] == "canceled"), "{:?}", stripe.intents());
}

#[tokio::test(start_paused = true)]
async fn lost_answers_are_asked_for_again_and_charge_once() {
    for lost in 1..6 {
        let (market, stripe) = market().await;
        let shopper = market.shopper();
        stripe.trouble(Trouble::LosesAnswers(lost));
        let order = shopper.buy("MUG", 1, "pm_card_visa").await;
        until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
        assert_eq!((stripe.intents().len(), stripe.captures()), (1, 1), "{lost} answers lost");
        assert_eq!(market.staff().stock("MUG").await, (20, 1, 19));
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_ends_in_a_cancellation_that_holds_nothing() {
    for trouble in [Trouble::Down, Trouble::Busy] {
        let (market, stripe) = market().await;
        let shopper = market.shopper();
        stripe.trouble(trouble);
        let order = shopper.buy("MUG", 1, "pm_card_visa").await;
        until(&shopper.0, &order, |order| !order["cancellation"].is_null()).await;
        stripe.trouble(Trouble::None);
        let order = until(&shopper.0, &order, |order| order["status"] == "canceled").await;
        assert_eq!(order.text_at("/cancellation/cause"), "payment_timeout");
        assert_eq!((stripe.holding(), stripe.captures()), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_shopper_proves_who_they_are_and_everybody_says_so_at_once() {
    for place in 0..4 {
        let (market, stripe) = market().await;
        let shopper = market.shopper();
        let order = shopper.buy("MUG", 1, "pm_card_threeDSecure2Required").await;
        let waiting = until(&shopper.0, &order, |order| !order["payment"]["action"].is_null()).await;
        assert_eq!(waiting.text_at("/payment/action/publishable_key"), "pk_test_1");
        let secret = waiting.text_at("/payment/action/client_secret");
        // The first answer of the capture is lost as well.
        stripe.trouble(if place % 2 == 0 { Trouble::LosesAnswers(1) } else { Trouble::None });
        let intent = stripe.intents()[0].clone();
        let webhook = |pause: u64| {
            let (market, intent) = (&market, &intent);
            async move {
                tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
                say(market, "payment_intent.amount_capturable_updated", intent, "whsec_1").await.expect(200);
            }
        };
        let confirms = async {
            tokio::time::sleep(std::time::Duration::from_millis(place)).await;
            stripe.authenticate(secret, true);
        };
        tokio::join!(webhook(0), webhook(1), webhook(2), confirms);
        until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
        assert_eq!((stripe.intents().len(), stripe.captures()), (1, 1), "{place}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_proof_that_fails_is_a_decline_and_the_secret_opens_nothing_more() {
    let (market, stripe) = market().await;
    let shopper = market.shopper();
    let order = shopper.buy("MUG", 1, "pm_card_threeDSecure2Required").await;
    let waiting = until(&shopper.0, &order, |order| !order["payment"]["action"].is_null()).await;
    stripe.authenticate(waiting.text_at("/payment/action/client_secret"), false);
    say(&market, "payment_intent.payment_failed", &stripe.intents()[0], "whsec_1").await.expect(200);
    let order = until(&shopper.0, &order, |order| order["status"] == "canceled").await;
    assert_eq!(order.text_at("/payment/decline/code"), "payment_intent_authentication_failure");
    assert_eq!(stripe.intents()[0]["status"], "canceled");
}

#[tokio::test(start_paused = true)]
async fn a_browser_may_bring_the_card_itself() {
    let (market, stripe) = market().await;
    let shopper = market.shopper();
    let cart = shopper.cart("MUG", 1).await;
    let headers = [("idempotency-key", "once"), ("prefer", "wait=10")];
    let placed =
        shopper.0.send(http::Method::POST, &format!("{cart}/checkout"), Some(json!({})), &headers).await;
    let placed = placed.expect(202);
    assert_eq!(placed.text_at("/payment/action/type"), "stripe");
    assert_eq!(stripe.intents()[0]["status"], "requires_payment_method");
}

#[tokio::test(start_paused = true)]
async fn only_what_stripe_signed_for_this_store_wakes_the_saga() {
    let (market, _stripe) = market().await;
    let object =
        json!({"metadata": {"souk_payment": "ord_00000000000000000000000001", "souk_store": "another"}});
    let forged = say(&market, "payment_intent.succeeded", &object, "whsec_2").await;
    assert_eq!(forged.expect(400).code(), "invalid_signature");
    // Signed, and of another store of the same account, or of no store: taken, and left at that.
    say(&market, "payment_intent.succeeded", &object, "whsec_1").await.expect(200);
    say(&market, "customer.created", &json!({"id": "cus_1"}), "whsec_1").await.expect(200);
    let (other, ..) = market.another_store().await;
    let path = format!("/v1/payment-events/stripe/{other}");
    let nobody = market.shopper().0.with_key(None);
    nobody.send_text(http::Method::POST, &path, "{}".to_owned(), &[]).await.expect(404);
}

/// A store with a second provider: while Stripe is out of order, orders are paid there, and never at both.
#[tokio::test(start_paused = true)]
async fn the_second_provider_is_asked_once_the_first_surely_holds_nothing() {
    let fake = FakeStripe::default();
    let market = TestMarket::open(|options| options.outside = Some(fake.outside())).await;
    market.staff().sell("MUG", 1000, 20).await;
    FakeStripe::connect(&market, Some("sandbox")).await;
    let shopper = market.shopper();
    let held_by = async |order: &str| {
        let order = until(&shopper.0, order, |order| order["payment"]["status"] == "captured").await;
        order.text_at("/payment/provider").to_owned()
    };
    // It refuses before it acts, also what would make certain: Souk waits, and asks again.
    fake.trouble(Trouble::Busy);
    let first = shopper.buy("MUG", 1, "pm_card_visa").await;
    market.market.quiet().await;
    assert_eq!(shopper.0.get(&first).await.text_at("/payment/provider"), "stripe");
    assert!(market.payments().await.is_empty());
    fake.trouble(Trouble::None);
    assert_eq!(held_by(&first).await, "sandbox");
    // It did what it was asked, and its answers are lost: the hold is let go before the second one is asked.
    fake.trouble(Trouble::LosesAnswers(3));
    let second = shopper.buy("MUG", 1, "pm_card_visa").await;
    let second = held_by(&second).await;
    assert_eq!(fake.holding() + market.payments().await.len(), 2, "two orders, {second}");
    // A decline is the card's, and no reason to ask anybody else.
    fake.trouble(Trouble::None);
    let declined = shopper.buy("MUG", 1, "pm_card_chargeDeclined").await;
    let declined = until(&shopper.0, &declined, |order| order["status"] == "canceled").await;
    assert_eq!(declined.text_at("/payment/provider"), "stripe");
}

/// While the circuit is open, Stripe is not asked at all, and an order with a second provider doesn't wait.
#[tokio::test(start_paused = true)]
async fn a_provider_that_keeps_failing_is_left_alone_for_a_while() {
    let fake = FakeStripe::default();
    let market = TestMarket::open(|options| {
        options.outside = Some(fake.outside());
        options.schedules = false;
    })
    .await;
    market.staff().sell("MUG", 1000, 20).await;
    FakeStripe::connect(&market, Some("sandbox")).await;
    let shopper = market.shopper();
    fake.trouble(Trouble::Down);
    for _ in 0..5 {
        shopper.buy("MUG", 1, "pm_card_visa").await;
        market.market.quiet().await;
    }
    let calls = fake.calls().len();
    let order = shopper.buy("MUG", 1, "pm_card_visa").await;
    market.market.quiet().await;
    assert_eq!(fake.calls().len(), calls, "nobody knocks while it is out of order");
    let order = shopper.0.get(&order).await;
    assert_eq!((order.text_at("/payment/provider"), order.text_at("/status")), ("sandbox", "confirmed"));
    // Later one call shows that it works again, and then it is asked as ever.
    fake.trouble(Trouble::None);
    market.leap(jiff::SignedDuration::from_secs(31));
    let order = shopper.buy("MUG", 1, "pm_card_visa").await;
    market.market.quiet().await;
    assert_eq!(shopper.0.get(&order).await.text_at("/payment/provider"), "stripe");
    assert_eq!(market.state_items("breaker").await.len(), 0);
}

/// Whatever becomes of the first request, after a void nothing is held under the key, and never will be.
#[tokio::test(start_paused = true)]
async fn a_void_closes_the_door_whatever_became_of_the_first_request() {
    let (market, stripe) = market().await;
    let (souk, visa) = (provider(&market).await, visa());
    // Never asked: Stripe hears nothing of it.
    let before = stripe.calls().len();
    assert_eq!(souk.void(key(1), euros(1000)).await.unwrap().status, ProviderStatus::Voided);
    assert_eq!(stripe.calls().len(), before);
    assert_eq!(souk.authorize(key(1), &charge(&visa)).await.unwrap().status, ProviderStatus::Voided);
    // Asked, and the answer was lost after it was done, or before.
    for (number, trouble) in [(2, Trouble::LosesAnswers(1)), (3, Trouble::Down)] {
        stripe.trouble(trouble);
        assert!(matches!(souk.authorize(key(number), &charge(&visa)).await, Err(ProviderError::Unknown(_))));
        if trouble == Trouble::Down {
            assert!(souk.void(key(number), euros(1000)).await.is_err(), "not certain is not voided");
            assert!(souk.find(key(number)).await.is_err());
        }
        stripe.trouble(Trouble::None);
        assert_eq!(souk.void(key(number), euros(1000)).await.unwrap().status, ProviderStatus::Voided);
        assert_eq!(souk.authorize(key(number), &charge(&visa)).await.unwrap().status, ProviderStatus::Voided);
    }
    assert_eq!(stripe.holding(), 0);
}

#[tokio::test(start_paused = true)]
async fn parts_are_taken_and_given_back_once_and_never_more() {
    let (market, stripe) = market().await;
    let (souk, visa) = (provider(&market).await, visa());
    let held = souk.authorize(key(1), &charge(&visa)).await.unwrap();
    assert_eq!((held.status, held.amount), (ProviderStatus::Authorized, euros(1000)));
    assert_eq!(
        souk.capture(key(1), euros(1001)).await.unwrap_err(),
        ProviderError::TooMuch { left: euros(1000) }
    );
    let taken = souk.capture(key(1), euros(600)).await.unwrap();
    assert_eq!((taken.captured, taken.fee), (euros(600), Some(euros(25))));
    assert_eq!(souk.capture(key(1), euros(600)).await.unwrap().captured, euros(600));
    assert!(matches!(
        souk.void(key(1), euros(1000)).await,
        Err(ProviderError::NotNow(ProviderStatus::Captured))
    ));
    let (one, two) = (RefundId::from_bits(1), RefundId::from_bits(2));
    stripe.trouble(Trouble::LosesAnswers(1));
    assert!(souk.refund(key(1), one, euros(200)).await.is_err());
    for _ in 0..3 {
        assert_eq!(souk.refund(key(1), one, euros(200)).await.unwrap().refunded, euros(200));
    }
    assert_eq!(
        souk.refund(key(1), two, euros(401)).await.unwrap_err(),
        ProviderError::TooMuch { left: euros(400) }
    );
    let all = souk.refund(key(1), two, euros(400)).await.unwrap();
    assert_eq!((all.status, all.refunded, all.refunds.len()), (ProviderStatus::Refunded, euros(600), 2));
    // Days later, when no idempotency key helps any more, the same refund is still the same.
    market.leap(jiff::SignedDuration::from_hours(72));
    assert_eq!(souk.refund(key(1), one, euros(200)).await.unwrap().refunded, euros(600));
    assert_eq!(souk.find(key(1)).await.unwrap().unwrap().refunded, euros(600));
    let listed = souk.payments_since(market.clock().now(), None).await.unwrap();
    assert_eq!((listed.payments.len(), listed.payments[0].key), (1, Some(key(1))));
    assert_eq!(stripe.captures(), 1);
}

/// A payment whose name was never noted is found in Stripe's list.
#[tokio::test(start_paused = true)]
async fn a_payment_is_found_without_its_name() {
    let (market, stripe) = market().await;
    let (souk, visa) = (provider(&market).await, visa());
    stripe.trouble(Trouble::LosesAnswers(1));
    assert!(souk.authorize(key(1), &charge(&visa)).await.is_err());
    let found = souk.find(key(1)).await.unwrap().unwrap();
    assert_eq!((found.status, found.reference.as_str()), (ProviderStatus::Authorized, "pi_1"));
    assert_eq!(souk.find(key(2)).await.unwrap(), None);
    assert_eq!(souk.capture(key(1), euros(1000)).await.unwrap().captured, euros(1000));
}

/// Stripe fails until nobody asks it; whoever finds first that it works says so: a checkout, and the saga.
pub async fn out_of_order_for_a_while(market: &TestMarket, stripe: &FakeStripe) {
    let shopper = market.shopper();
    for waits in [true, false] {
        stripe.trouble(Trouble::Down);
        for _ in 0..5 {
            shopper.buy("JUG", 1, "pm_card_visa").await;
            market.market.quiet().await;
        }
        let open = market.state_items("breaker").await;
        assert!(open.len() == 1 && open[0]["open_until"].is_string(), "waits: {waits}, {open:?}");
        stripe.trouble(Trouble::None);
        market.leap(jiff::SignedDuration::from_secs(31));
        if waits {
            let cart = shopper.cart("JUG", 1).await;
            shopper.check_out_and_wait(&cart, "pm_card_visa", 20).await.expect(202);
        } else {
            shopper.buy("JUG", 1, "pm_card_visa").await;
        }
        market.market.settled().await;
        assert_eq!(market.state_items("breaker").await.len(), 0);
    }
}
