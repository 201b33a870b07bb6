//! Payment methods that customers had Stripe save: with their consent, shown to them, charged, and forgotten.

use serde_json::{Value, json};
use souk::{
    id::KeyId,
    principal::{Principal, Scope, Who},
    tenant::Mode,
};
use souk_tests::{Answer, FakeStripe, TestMarket, until};

const LIST: &str = "GET /v1/customers/me/payment-methods";
const REMOVE: &str = "DELETE /v1/customers/me/payment-methods/{id}";

async fn market() -> (TestMarket, FakeStripe) {
    let stripe = FakeStripe::default();
    let market = TestMarket::open(|options| options.outside = Some(stripe.outside())).await;
    market.staff().sell("JAR", 1250, 20).await;
    FakeStripe::connect(&market, None).await;
    (market, stripe)
}

/// The customer with these bits checks a mug out.
async fn check_out(market: &TestMarket, customer: u128, checkout: Value) -> Answer {
    let cart = market.shopper().cart("JAR", 1).await;
    let cart = cart.trim_start_matches("/v1/carts/");
    market.customer(customer).call("POST /v1/carts/{id}/checkout", cart, checkout).await
}

async fn becomes(market: &TestMarket, placed: &Answer, status: &str) -> Answer {
    let order = placed.header("location");
    until(&market.staff().0, order, |order| order["payment"]["status"] == status).await
}

async fn listed(market: &TestMarket, customer: u128) -> Vec<Value> {
    let listed = market.customer(customer).call(LIST, "", Value::Null).await.expect(200);
    listed.json["data"].as_array().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn a_method_is_saved_where_the_customer_agreed_shown_charged_and_removed() {
    let (market, stripe) = market().await;
    let plain = json!({"payment_method": "pm_card_visa"});
    becomes(&market, &check_out(&market, 7, plain).await.expect(202), "captured").await;
    assert!(stripe.saved().is_empty(), "nobody agreed to it");
    assert_eq!(listed(&market, 7).await, [] as [Value; 0]);
    let agreed = json!({"payment_method": "pm_card_visa", "save_payment_method": "on_session"});
    becomes(&market, &check_out(&market, 7, agreed).await.expect(202), "captured").await;
    let saved = listed(&market, 7).await;
    let card = json!({"brand": "visa", "last_four": "4242", "exp_month": 8, "exp_year": 2034});
    assert_eq!(saved, [json!({"id": "pm_saved1", "card": card})]);
    assert_eq!((stripe.customers(), listed(&market, 8).await), (vec!["cus_1".to_owned()], vec![]));
    // It pays, for who saved it and for nobody else.
    let with_it = json!({"payment_method": "pm_saved1"});
    becomes(&market, &check_out(&market, 7, with_it.clone()).await.expect(202), "captured").await;
    let theirs = check_out(&market, 8, with_it.clone()).await.expect(202);
    let refused = becomes(&market, &theirs, "failed").await;
    assert_eq!(refused.text_at("/payment/decline/code"), "resource_missing");
    let (one, other) = (market.customer(7), market.customer(8));
    other.call(REMOVE, "pm_saved1", Value::Null).await.expect(404);
    other.call(REMOVE, "4242", Value::Null).await.expect(404);
    one.call(REMOVE, "pm_saved1", Value::Null).await.expect(204);
    one.call(REMOVE, "pm_saved1", Value::Null).await.expect(404);
    assert_eq!(listed(&market, 7).await, [] as [Value; 0]);
    assert!(stripe.saved().is_empty());
}

#[tokio::test(start_paused = true)]
async fn only_who_is_known_can_have_a_method_saved_and_only_where_it_is() {
    let (market, stripe) = market().await;
    let agreed = json!({"payment_method": "pm_card_visa", "save_payment_method": "off_session"});
    let guest = market.shopper();
    let cart = guest.cart("JAR", 1).await;
    let refused = guest.0.post(&format!("{cart}/checkout"), agreed.clone()).await.expect(422);
    assert_eq!(refused.text_at("/param"), "save_payment_method");
    let always = json!({"payment_method": "pm_card_visa", "save_payment_method": "always"});
    check_out(&market, 7, always).await.expect(422);
    assert!(stripe.intents().is_empty());
    market.staff().0.patch("/v1/store", json!({"payments": {"provider": "sandbox"}})).await.expect(200);
    let refused = check_out(&market, 7, agreed).await.expect(422);
    assert_eq!(refused.text_at("/param"), "save_payment_method");
    assert_eq!(listed(&market, 7).await, [] as [Value; 0]);
}

/// A store's own server charges who is not there, with what they saved for that.
#[tokio::test(start_paused = true)]
async fn who_is_not_there_is_charged_by_the_stores_own_server_only() {
    let (market, stripe) = market().await;
    let agreed = json!({"payment_method": "pm_card_visa", "save_payment_method": "off_session"});
    becomes(&market, &check_out(&market, 7, agreed).await.expect(202), "captured").await;
    let absent = json!({"payment_method": "pm_saved1", "off_session": true});
    let refused = check_out(&market, 7, absent.clone()).await.expect(422);
    assert_eq!(refused.text_at("/param"), "off_session");
    // The customer's cart, which their own requests made theirs.
    let charge = async |checkout: Value| {
        let cart = market.shopper().cart("JAR", 1).await;
        let id = cart.trim_start_matches("/v1/carts/");
        let address = json!({"email": "ada@example.com"});
        market.customer(7).call("PATCH /v1/carts/{id}", id, address).await.expect(200);
        let scopes = Scope::PUBLISHABLE.into_iter().chain([Scope::OrdersRead]);
        let who = Who::Key(KeyId::from_bits(1));
        let server = Principal::new(market.store.parse().unwrap(), Mode::Test, who, None, scopes);
        market.call_as(&server, "POST /v1/carts/{id}/checkout", id, checkout).await
    };
    becomes(&market, &charge(absent).await.expect(202), "captured").await;
    // A bank that wants to hear from the shopper declines: nobody is there to answer.
    let asks = json!({"payment_method": "pm_card_threeDSecure2Required", "off_session": true});
    let declined = becomes(&market, &charge(asks).await.expect(202), "failed").await;
    assert_eq!(declined.text_at("/payment/decline/code"), "authentication_required");
    assert_eq!(stripe.captures(), 2);
}

/// Who is erased is erased at Stripe too, with all that they saved; and is told before what that is.
#[tokio::test(start_paused = true)]
async fn an_erased_customer_is_forgotten_at_stripe() {
    let (market, stripe) = market().await;
    everything_of(&market).await;
    assert_eq!((stripe.saved().len(), stripe.customers()), (0, vec![String::new()]));
    assert!(market.raw_items("-state", "stripe-customer").await.is_empty());
}

/// All that is done with saved methods, once, in a market that is paid through Stripe. Of two customers, who have the
/// store forget them: one by staff, one by itself.
pub async fn everything(market: &TestMarket) {
    market.staff().sell("JAR", 1250, 20).await;
    let staff = market.staff().0;
    let agreed = json!({"payment_method": "pm_card_visa", "save_payment_method": "on_session"});
    for customer in [21, 22] {
        market.customer(customer).call("GET /v1/customers/me", "", Value::Null).await.expect(200);
        becomes(market, &check_out(market, customer, agreed.clone()).await.expect(202), "captured").await;
    }
    let saved = listed(market, 22).await;
    market.customer(22).call(REMOVE, saved[0]["id"].as_str().unwrap(), Value::Null).await.expect(204);
    market.market.settled().await;
    let whom = json!({"customer": market.customer(21).id.to_string()});
    staff.post("/v1/privacy/exports", whom.clone()).await.expect(202);
    staff.post("/v1/privacy/erasures", whom).await.expect(202);
    staff.patch("/v1/store", json!({"retention": {"inactive_customers_days": 30}})).await.expect(200);
    market.leap(jiff::SignedDuration::from_hours(24 * 40));
    market.invoke("enforce-retention", json!({})).await.unwrap();
}

/// Saves a method, exports it and erases whose it was.
async fn everything_of(market: &TestMarket) {
    let staff = market.staff().0;
    market.customer(7).call("GET /v1/customers/me", "", Value::Null).await.expect(200);
    let agreed = json!({"payment_method": "pm_card_visa", "save_payment_method": "on_session"});
    becomes(market, &check_out(market, 7, agreed).await.expect(202), "captured").await;
    market.market.settled().await;
    let whom = json!({"customer": market.customer(7).id.to_string()});
    let export = staff.post("/v1/privacy/exports", whom.clone()).await.expect(202);
    let archive = staff.get(&format!("{}/archive", export.header("location"))).await.expect(200);
    assert_eq!(archive.json["payment_methods"][0]["id"], "pm_saved1");
    assert_eq!(staff.post("/v1/privacy/erasures", whom).await.expect(202).json["status"], "done");
}

/// A store's keys are looked at when it names the provider, and never shown.
#[tokio::test(start_paused = true)]
async fn a_store_learns_at_once_that_its_keys_are_missing_or_wrong() {
    let market = TestMarket::open(|_| {}).await;
    let staff = market.staff().0;
    let name = async |payments: Value| staff.patch("/v1/store", json!({"payments": payments})).await;
    let missing = name(json!({"provider": "stripe"})).await.expect(422);
    assert_eq!(missing.text_at("/param"), "payments.provider");
    assert!(missing.text_at("/detail").contains("does not exist"), "{}", missing.text);
    let second = name(json!({"second": "stripe"})).await.expect(422);
    assert_eq!(second.text_at("/param"), "payments.second");
    name(json!({"provider": "sandbox", "second": "sandbox"})).await.expect(422);
    for (secret, told) in [
        (json!({"secret_key": "sk_live_canary", "webhook_secret": "whsec_canary"}), "sk_test_"),
        (json!({"secret_key": "sk_test_canary", "webhook_secret": "canary"}), "whsec_"),
        (json!({"secret_key": "sk_test_canary"}), "is not the JSON"),
    ] {
        FakeStripe::put_secret(&market, &secret).await;
        let refused = name(json!({"provider": "stripe"})).await.expect(422);
        assert!(refused.text_at("/detail").contains(told), "{}", refused.text);
        assert!(!refused.text.contains("canary"), "{}", refused.text);
    }
    assert_eq!(staff.get("/v1/store").await.json["payments"], json!({}));
    let good = json!({"secret_key": "sk_test_canary", "webhook_secret": "whsec_1"});
    FakeStripe::put_secret(&market, &good).await;
    name(json!({"provider": "stripe", "second": "sandbox"})).await.expect(200);
    // Live mode has keys of its own, and no sandbox.
    let live = staff.with_key(Some(&market.live_sk));
    for payments in
        [json!({"provider": "stripe"}), json!({"provider": "sandbox"}), json!({"second": "sandbox"})]
    {
        live.patch("/v1/store", json!({"payments": payments})).await.expect(422);
    }
}

/// Keys are read once in five minutes by each environment; a rolled webhook secret counts at once where it is needed.
#[tokio::test(start_paused = true)]
async fn keys_are_remembered_for_minutes_and_read_again_where_they_do_not_fit() {
    let (market, _stripe) = market().await;
    let object = json!({"metadata": {}});
    let kind = "payment_intent.succeeded";
    crate::stripe::say(&market, kind, &object, "whsec_1").await.expect(200);
    market.leap(jiff::SignedDuration::from_secs(60));
    let rolled = json!({"secret_key": "sk_test_canary", "webhook_secret": "whsec_2"});
    FakeStripe::put_secret(&market, &rolled).await;
    // The old one is remembered, as Stripe's own signatures go on for a while; the new one fits at once.
    crate::stripe::say(&market, kind, &object, "whsec_1").await.expect(200);
    crate::stripe::say(&market, kind, &object, "whsec_2").await.expect(200);
    assert_eq!(
        crate::stripe::say(&market, kind, &object, "whsec_3").await.expect(400).code(),
        "invalid_signature"
    );
    market.leap(jiff::SignedDuration::from_mins(6));
    assert_eq!(
        crate::stripe::say(&market, kind, &object, "whsec_1").await.expect(400).code(),
        "invalid_signature"
    );
}
