//! The whole way of a payment through Stripe, against localstripe, a server that other people wrote: its address is
//! the argument. Ends with an error where something is not as it has to be.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod proxy;

use std::{collections::BTreeMap, time::Duration};

use http::{Method, Request};
use proxy::Proxy;
use ring::hmac;
use serde_json::{Value, json};
use souk::{
    id::RefundId,
    money::Money,
    payment::{PaymentKey, Provider as _, ProviderError, ProviderStatus, Stripe},
    runtime::web::{Outside, send},
};
use souk_local::engine::{Happening, Market, MarketOptions};
use souk_tests::{Answer, FakeStripe, TestMarket, template, until};
use tokio::net::TcpListener;

/// A card that wants its holder to prove who they are. <https://docs.stripe.com/testing>
const PROVEN_CARD: &str = "4000002500003155";

/// Localstripe's declined card has no name of its own but this.
const DECLINED: &str = "pm_card_chargeCustomerFail";

struct World {
    market: TestMarket,
    proxy: Proxy,
    localstripe: String,
}

#[tokio::main]
async fn main() {
    let localstripe = std::env::args().nth(1).expect("the address of localstripe");
    let (proxy, place) = Proxy::start(&localstripe).await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut options = MarketOptions::new(template(), souk_local::functions());
    options.parameters = BTreeMap::from([("StripeBaseUrl".to_owned(), place)]);
    options.outside = Some(Outside::internet(true));
    let market = Market::open(options).await.unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = market.clone();
    let serving = tokio::spawn(async move {
        let _ = served.serve(listener, async { drop(stopped.await) }).await;
    });
    let world = World { market: TestMarket::of(market.clone()).await, proxy, localstripe };
    world.market.staff().sell("MUG", 1250, 100).await;
    FakeStripe::connect(&world.market, None).await;
    world.register_webhook(port).await;
    tokio::time::timeout(Duration::from_secs(120), world.walk()).await.expect("it takes too long");
    let _ = stop.send(());
    serving.await.unwrap();
    market.close().await;
    println!("every payment through Stripe ended as it should");
}

impl World {
    async fn walk(&self) {
        let paid = self.is_charged_and_stripe_says_so().await;
        self.is_given_back_in_parts(&paid).await;
        self.is_canceled_and_given_back().await;
        self.is_held_and_let_go().await;
        self.is_declined().await;
        self.is_proven().await;
        self.answers_are_lost().await;
        self.is_saved_and_forgotten().await;
        assert_eq!(self.proxy.most_captures(), 1, "no payment is captured twice");
    }

    /// Asks localstripe, as its own clients do.
    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let request = Request::builder().method(method).header("authorization", "Bearer sk_test_canary");
        let request = request.header("content-type", "application/json");
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let url = format!("{}{path}", self.localstripe);
        let answer = send(&Outside::internet(true), &url, request.body(body).unwrap()).await.unwrap();
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        assert!(answer.status().is_success(), "{path}: {} {text}", answer.status());
        serde_json::from_str(&text).unwrap_or_default()
    }

    async fn register_webhook(&self, port: u16) {
        let url = format!("http://127.0.0.1:{port}/v1/payment-events/stripe/{}", self.market.store);
        let events = ["payment_intent.succeeded", "payment_intent.payment_failed"];
        let webhook = json!({"url": url, "secret": "whsec_1", "events": events});
        self.ask(Method::POST, "/_config/webhooks/souk", Some(webhook)).await;
    }

    async fn buy(&self, method: &str, captures: bool) -> String {
        let shopper = self.market.shopper();
        let cart = shopper.cart("MUG", 2).await;
        let capture = if captures { "automatic" } else { "manual" };
        let pay = json!({"payment_method": method, "capture_method": capture});
        let placed = shopper.0.post(&format!("{cart}/checkout"), pay).await.expect(202);
        placed.header("location").to_owned()
    }

    async fn becomes(&self, order: &str, status: &str) -> Answer {
        until(&self.market.shopper().0, order, |order| order["payment"]["status"] == status).await
    }

    /// The payment as localstripe has it.
    async fn intent(&self, order: &Answer) -> Value {
        let path = format!("/v1/payment_intents/{}", order.text_at("/payment/reference"));
        self.ask(Method::GET, &path, None).await
    }

    async fn is_charged_and_stripe_says_so(&self) -> String {
        let order = self.buy("pm_card_visa", true).await;
        let paid = self.becomes(&order, "captured").await;
        let intent = self.intent(&paid).await;
        assert_eq!((&intent["status"], &intent["amount"]), (&json!("succeeded"), &json!(2500)));
        // Localstripe sends its webhook a second later, to the gateway, and the gateway takes it.
        for _ in 0..50 {
            let taken = self.market.happenings().into_iter().any(|happening| match happening {
                Happening::Request(request) => {
                    request.path.starts_with("/v1/payment-events/stripe/") && request.status == 200
                }
                _ => false,
            });
            if taken {
                return order;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("localstripe's webhook was not taken");
    }

    async fn is_given_back_in_parts(&self, order: &str) {
        let key = PaymentKey::of(order.trim_start_matches("/v1/orders/").parse().unwrap());
        let stripe = Stripe::of(&self.market.app(), self.market.tenant()).await.unwrap().unwrap();
        let euros = |amount: i64| Money::new(amount, "EUR".parse().unwrap());
        let (one, two) = (RefundId::from_bits(1), RefundId::from_bits(2));
        for _ in 0..2 {
            assert_eq!(stripe.refund(key, one, euros(1000)).await.unwrap().refunded, euros(1000));
        }
        let left = euros(1500);
        assert_eq!(stripe.refund(key, two, euros(1501)).await, Err(ProviderError::TooMuch { left }));
        let all = stripe.refund(key, two, left).await.unwrap();
        assert_eq!((all.status, all.refunded), (ProviderStatus::Refunded, euros(2500)));
    }

    async fn is_canceled_and_given_back(&self) {
        let order = self.buy("pm_card_visa", true).await;
        self.becomes(&order, "captured").await;
        self.market.staff().0.post(&format!("{order}/cancel"), json!({})).await.expect(202);
        let back = self.becomes(&order, "refunded").await;
        assert_eq!(self.intent(&back).await["latest_charge"]["amount_refunded"], 2500);
    }

    async fn is_held_and_let_go(&self) {
        let order = self.buy("pm_card_visa", false).await;
        let held = self.becomes(&order, "authorized").await;
        assert_eq!(self.intent(&held).await["status"], "requires_capture");
        self.market.staff().0.post(&format!("{order}/cancel"), json!({})).await.expect(202);
        let gone = self.becomes(&order, "voided").await;
        assert_eq!(self.intent(&gone).await["status"], "canceled");
        let order = self.buy("pm_card_visa", false).await;
        self.becomes(&order, "authorized").await;
        self.market.staff().0.post(&format!("{order}/captures"), json!({})).await.expect(201);
        self.becomes(&order, "captured").await;
    }

    async fn is_declined(&self) {
        let order = self.buy(DECLINED, true).await;
        let declined = self.becomes(&order, "failed").await;
        assert_eq!(declined.text_at("/payment/decline/code"), "card_declined");
    }

    /// The shopper's browser proves who they are at localstripe, with what the order gave it.
    async fn is_proven(&self) {
        let card = json!({"number": PROVEN_CARD, "exp_month": "12", "exp_year": "2034", "cvc": "123"});
        let method =
            self.ask(Method::POST, "/v1/payment_methods", Some(json!({"type": "card", "card": card}))).await;
        let order = self.buy(method["id"].as_str().unwrap(), true).await;
        let shopper = self.market.shopper();
        let waiting = until(&shopper.0, &order, |order| !order["payment"]["action"].is_null()).await;
        let secret = waiting.text_at("/payment/action/client_secret").to_owned();
        let id = secret.split("_secret_").next().unwrap();
        let proof = json!({"client_secret": secret, "success": "true"});
        let intent =
            self.ask(Method::POST, &format!("/v1/payment_intents/{id}/_authenticate"), Some(proof)).await;
        // It was to be taken as soon as the shopper had proven who they are.
        assert_eq!(intent["status"], "succeeded");
        self.say(&intent).await;
        self.becomes(&order, "captured").await;
    }

    async fn say(&self, intent: &Value) {
        let event = json!({
            "type": "payment_intent.succeeded", "livemode": false, "data": {"object": intent},
        });
        let (body, time) = (event.to_string(), self.market.clock().now().as_second());
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"whsec_1");
        let tag = hmac::sign(&key, format!("{time}.{body}").as_bytes());
        let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let signature = format!("t={time},v1={hex}");
        let path = format!("/v1/payment-events/stripe/{}", self.market.store);
        let api = self.market.shopper().0.with_key(None);
        api.send_text(Method::POST, &path, body, &[("stripe-signature", &signature)]).await.expect(200);
    }

    /// The first answers of what is taken at once, and of what is held and taken later, are lost; nothing happens twice.
    async fn answers_are_lost(&self) {
        let begun = self.ask(Method::GET, "/v1/payment_intents?limit=100", None).await["data"]
            .as_array()
            .unwrap()
            .len();
        self.proxy.lose(&["/payment_intents", "/payment_intents"]);
        let order = self.buy("pm_card_visa", true).await;
        self.becomes(&order, "captured").await;
        self.proxy.lose(&["/payment_intents", "/capture"]);
        let order = self.buy("pm_card_visa", false).await;
        self.becomes(&order, "authorized").await;
        self.market.staff().0.post(&format!("{order}/captures"), json!({})).await.expect(201);
        self.becomes(&order, "captured").await;
        assert_eq!(self.proxy.still_to_lose(), 0);
        let now = self.ask(Method::GET, "/v1/payment_intents?limit=100", None).await["data"]
            .as_array()
            .unwrap()
            .len();
        assert_eq!(now, begun + 2);
    }

    /// A customer has a card saved, pays with it again, removes one and is forgotten with the other.
    async fn is_saved_and_forgotten(&self) {
        let customer = self.market.customer(7);
        let charge = async |method: &str, more: Value| {
            let cart = self.market.shopper().cart("MUG", 1).await;
            let mut pay = json!({"payment_method": method});
            pay.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let id = cart.trim_start_matches("/v1/carts/");
            let placed = customer.call("POST /v1/carts/{id}/checkout", id, pay).await.expect(202);
            until(&self.market.staff().0, placed.header("location"), |order| {
                order["payment"]["status"] == "captured"
            })
            .await
        };
        let saved = async || {
            let listed =
                customer.call("GET /v1/customers/me/payment-methods", "", Value::Null).await.expect(200);
            listed.json["data"].as_array().unwrap().clone()
        };
        let card = json!({"number": "4242424242424242", "exp_month": "12", "exp_year": "2034", "cvc": "123"});
        let mut methods = Vec::new();
        for _ in 0..2 {
            let made = json!({"type": "card", "card": card});
            let method = self.ask(Method::POST, "/v1/payment_methods", Some(made)).await;
            methods.push(method["id"].as_str().unwrap().to_owned());
            charge(&methods[methods.len() - 1], json!({"save_payment_method": "on_session"})).await;
        }
        let shown = saved().await;
        assert_eq!((shown.len(), &shown[0]["card"]["last_four"]), (2, &json!("4242")), "{shown:?}");
        let paid = charge(&methods[0], json!({})).await;
        let at_stripe = self.intent(&paid).await["customer"].as_str().unwrap().to_owned();
        let remove = "DELETE /v1/customers/me/payment-methods/{id}";
        customer.call(remove, &methods[0], Value::Null).await.expect(204);
        customer.call(remove, &methods[0], Value::Null).await.expect(404);
        assert_eq!(saved().await.len(), 1);
        let whom = json!({"customer": customer.id.to_string()});
        let erased = self.market.staff().0.post("/v1/privacy/erasures", whom).await.expect(202);
        assert_eq!(erased.json["status"], "done", "{}", erased.text);
        let request = Request::get("http://localstripe/").header("authorization", "Bearer sk_test_canary");
        let url = format!("{}/v1/customers/{at_stripe}", self.localstripe);
        let gone = send(&Outside::internet(true), &url, request.body(Vec::new()).unwrap()).await.unwrap();
        assert_eq!(gone.status(), 404, "{}", String::from_utf8_lossy(gone.body()));
    }
}
