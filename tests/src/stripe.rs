//! A Stripe that a test can see into and have fail. It keeps what it answered under each idempotency key, as Stripe
//! documents; it counts how often money was taken. The real thing is met elsewhere: `.ci/run stripe`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use http::{Request, Response};
use serde_json::{Map, Value, json};
use souk::runtime::web::Outside;
use souk_cloud::Caller;
use url::form_urlencoded;

use crate::TestMarket;

/// How the fake fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trouble {
    /// Not at all.
    #[default]
    None,
    /// Does what it is asked, so many times, and answers 500.
    LosesAnswers(u32),
    /// Answers 500 and does nothing.
    Down,
    /// Has too much to do, and does nothing.
    Busy,
}

#[derive(Default)]
struct State {
    intents: BTreeMap<String, Value>,
    refunds: Vec<Value>,
    /// Its customers, empty where they were deleted.
    customers: Vec<String>,
    /// Payment methods that are saved, each with its customer.
    saved: BTreeMap<String, String>,
    answers: BTreeMap<String, (String, u16, Value)>,
    captures: BTreeMap<String, u32>,
    calls: Vec<String>,
    trouble: Trouble,
    /// Whether it says later than it takes money what it keeps of it.
    late_fees: bool,
}

/// A Stripe that a test can see into and have fail.
#[derive(Clone, Default)]
pub struct FakeStripe(Arc<Mutex<State>>);

impl FakeStripe {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// The world in which it is Stripe.
    pub fn outside(&self) -> Outside {
        let fake = self.clone();
        Outside::from_fn(move |request| fake.answer(&request))
    }

    /// From now on it fails so.
    pub fn trouble(&self, trouble: Trouble) {
        self.state().trouble = trouble;
    }

    /// From now on it says what it keeps of a payment only once [`Self::tell_fees`] has it do so.
    pub fn keep_fees_to_itself(&self) {
        self.state().late_fees = true;
    }

    /// It has reckoned what it keeps of all that it took.
    pub fn tell_fees(&self) {
        let mut state = self.state();
        state.late_fees = false;
        for intent in state.intents.values_mut().filter(|intent| intent["status"] == "succeeded") {
            let transaction = json!({"id": "txn_1", "fee": 25, "currency": intent["currency"]});
            intent["latest_charge"]["balance_transaction"] = transaction;
        }
    }

    /// What it was asked so far: methods and paths.
    pub fn calls(&self) -> Vec<String> {
        self.state().calls.clone()
    }

    /// Its payments.
    pub fn intents(&self) -> Vec<Value> {
        self.state().intents.values().cloned().collect()
    }

    /// Its customers, empty where they were deleted.
    pub fn customers(&self) -> Vec<String> {
        self.state().customers.clone()
    }

    /// The payment methods that it has saved, each with its customer.
    pub fn saved(&self) -> BTreeMap<String, String> {
        self.state().saved.clone()
    }

    /// How often money was taken, over all payments.
    pub fn captures(&self) -> u32 {
        self.state().captures.values().sum()
    }

    /// How many payments hold money, or took it.
    pub fn holding(&self) -> usize {
        let held =
            |intent: &&Value| intent["status"] == "requires_capture" || intent["status"] == "succeeded";
        self.state().intents.values().filter(held).count()
    }

    /// The shopper proves who they are, or fails to, on the payment with this client secret.
    pub fn authenticate(&self, secret: &str, proven: bool) {
        let mut state = self.state();
        let intent = state.intents.values_mut().find(|intent| intent["client_secret"] == secret).unwrap();
        assert_eq!(intent["status"], "requires_action");
        if proven {
            let id = intent["id"].as_str().unwrap().to_owned();
            state.hold(&id);
        } else {
            intent["status"] = "requires_payment_method".into();
            intent["last_payment_error"] = json!({"code": "payment_intent_authentication_failure"});
        }
    }

    /// Connects the market's store, in test mode, and has it be paid through Stripe, and through `second` where that
    /// fails.
    pub async fn connect(market: &TestMarket, second: Option<&str>) {
        let keys = json!({"secret_key": "sk_test_canary", "webhook_secret": "whsec_1", "publishable_key": "pk_test_1"});
        Self::put_secret(market, &keys).await;
        let settings = json!({"payments": {"provider": "stripe", "second": second}});
        market.staff().0.patch("/v1/store", settings).await.expect(200);
    }

    /// Puts `keys` where the operator puts a store's keys of test mode.
    pub async fn put_secret(market: &TestMarket, keys: &Value) {
        let stack = market.table("-events").trim_end_matches("-events").to_owned();
        let name = format!("{stack}/stripe/{}/test", market.store);
        let call = async |operation: &str, mut secret: Value| {
            secret["SecretString"] = keys.to_string().into();
            secret["ClientRequestToken"] =
                format!("00000000-0000-4000-8000-{:012x}", rand::random::<u32>()).into();
            let request = Request::post("http://localhost/")
                .header("x-amz-target", format!("secretsmanager.{operation}"))
                .header("content-type", "application/x-amz-json-1.1")
                .body(secret.to_string().into())
                .unwrap();
            market.market.cloud().call(&Caller::everything("operator"), request).await.unwrap()
        };
        if call("CreateSecret", json!({ "Name": name })).await.status().is_success() {
            return;
        }
        let answer = call("PutSecretValue", json!({ "SecretId": name })).await;
        assert!(answer.status().is_success(), "{}", String::from_utf8_lossy(answer.body()));
    }

    /// What it says to a request.
    pub fn answer(&self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        let (status, body) = self.reply(request);
        Response::builder().status(status).body(body.to_string().into_bytes()).unwrap()
    }

    fn reply(&self, request: &Request<Vec<u8>>) -> (u16, Value) {
        let mut state = self.state();
        let path = request.uri().path().to_owned();
        state.calls.push(format!("{} {path}", request.method()));
        assert_eq!(request.headers()["authorization"], "Bearer sk_test_canary");
        assert!(request.headers().contains_key("stripe-version"));
        match state.trouble {
            Trouble::Down => return (500, json!({})),
            Trouble::Busy => return (429, json!({"error": {"code": "rate_limit"}})),
            Trouble::LosesAnswers(_) | Trouble::None => {}
        }
        if request.method() == http::Method::DELETE {
            return state.delete(&path);
        }
        if request.method() == http::Method::GET {
            return state.read(&path, &fields(request.uri().query().unwrap_or_default().as_bytes()));
        }
        let text = String::from_utf8(request.body().clone()).unwrap();
        let key = request.headers().get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
        let before = key.as_ref().and_then(|key| state.answers.get(key));
        let (status, answer) = match before {
            Some((asked, ..)) if *asked != text => (400, json!({"error": {"type": "idempotency_error"}})),
            Some((_, status, answer)) => (*status, answer.clone()),
            None => {
                let (status, answer) = state.act(&path, &fields(text.as_bytes()));
                if let Some(key) = key {
                    state.answers.insert(key, (text, status, answer.clone()));
                }
                (status, answer)
            }
        };
        if let Trouble::LosesAnswers(left) = state.trouble
            && left > 0
        {
            state.trouble = Trouble::LosesAnswers(left - 1);
            return (500, json!({}));
        }
        (status, answer)
    }
}

type Fields = BTreeMap<String, String>;

fn fields(text: &[u8]) -> Fields {
    form_urlencoded::parse(text).into_owned().collect()
}

fn metadata(fields: &Fields) -> Value {
    let named = fields.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix("metadata[")?.strip_suffix(']')?;
        Some((name.to_owned(), value.as_str().into()))
    });
    Value::Object(named.collect::<Map<_, _>>())
}

fn wrong(code: &str) -> (u16, Value) {
    (400, json!({"error": {"type": "invalid_request_error", "code": code}}))
}

/// <https://docs.stripe.com/api/payment_methods/object>
fn method(id: &str, customer: &str) -> Value {
    json!({
        "id": id, "object": "payment_method", "type": "card", "customer": customer, "livemode": false,
        "card": {
            "brand": "visa", "last4": "4242", "exp_month": 8, "exp_year": 2034, "fingerprint": id,
            "funding": "credit", "country": "US", "checks": {"cvc_check": "pass"},
        },
    })
}

impl State {
    fn delete(&mut self, path: &str) -> (u16, Value) {
        let id = path.trim_start_matches("/v1/customers/").to_owned();
        let Some(customer) = self.customers.iter_mut().find(|known| **known == id) else {
            return (404, json!({"error": {"code": "resource_missing"}}));
        };
        customer.clear();
        self.saved.retain(|_, customer| *customer != id);
        (200, json!({"id": id, "object": "customer", "deleted": true}))
    }

    fn read(&self, path: &str, asked: &Fields) -> (u16, Value) {
        let list = |data: Vec<Value>| (200, json!({"object": "list", "data": data, "has_more": false}));
        if path == "/v1/payment_intents" {
            return list(self.intents.values().rev().cloned().collect());
        }
        if path == "/v1/refunds" {
            let of = |refund: &&Value| refund["payment_intent"] == asked["payment_intent"];
            return list(self.refunds.iter().filter(of).cloned().collect());
        }
        if path == "/v1/payment_methods" {
            let of = |(_, customer): &(&String, &String)| **customer == asked["customer"];
            return list(self.saved.iter().filter(of).map(|(id, customer)| method(id, customer)).collect());
        }
        if let Some(id) = path.strip_prefix("/v1/payment_methods/") {
            return match self.saved.get(id) {
                Some(customer) => (200, method(id, customer)),
                None => (404, json!({"error": {"code": "resource_missing"}})),
            };
        }
        match path.strip_prefix("/v1/payment_intents/").and_then(|id| self.intents.get(id)) {
            Some(intent) => (200, intent.clone()),
            None => (404, json!({"error": {"code": "resource_missing"}})),
        }
    }

    fn act(&mut self, path: &str, asked: &Fields) -> (u16, Value) {
        match path {
            "/v1/payment_intents" => return self.begin(asked),
            "/v1/customers" => {
                let id = format!("cus_{}", self.customers.len() + 1);
                self.customers.push(id.clone());
                return (200, json!({"id": id, "object": "customer"}));
            }
            "/v1/refunds" => {
                let refund = json!({
                    "id": format!("re_{}", self.refunds.len()), "object": "refund", "status": "succeeded",
                    "amount": asked["amount"].parse::<i64>().unwrap(), "payment_intent": asked["payment_intent"],
                    "metadata": metadata(asked),
                });
                self.refunds.push(refund.clone());
                return (200, refund);
            }
            _ => {}
        }
        let detached =
            path.strip_prefix("/v1/payment_methods/").and_then(|path| path.strip_suffix("/detach"));
        if let Some(method) = detached {
            return match self.saved.remove(method) {
                Some(_) => (200, json!({"id": method, "object": "payment_method", "customer": null})),
                None => wrong("payment_method_unexpected_state"),
            };
        }
        let mut parts = path.trim_start_matches("/v1/payment_intents/").split('/');
        let (id, what) = (parts.next().unwrap(), parts.next().unwrap());
        let Some(intent) = self.intents.get_mut(id) else { return wrong("resource_missing") };
        let status = intent["status"].as_str().unwrap().to_owned();
        match (what, status.as_str()) {
            ("capture", "requires_capture") => {
                let amount: i64 = asked["amount_to_capture"].parse().unwrap();
                if amount > intent["amount"].as_i64().unwrap() {
                    return wrong("amount_too_large");
                }
                return (200, self.take(id, amount));
            }
            ("cancel", "succeeded" | "canceled" | "processing") | ("capture", _) => {
                return wrong("payment_intent_unexpected_state");
            }
            ("cancel", _) => intent["status"] = "canceled".into(),
            other => panic!("{other:?}"),
        }
        (200, intent.clone())
    }

    /// The bank said yes: the money is held, and taken where that was asked for.
    fn hold(&mut self, id: &str) -> Value {
        let intent = self.intents.get_mut(id).unwrap();
        intent["status"] = "requires_capture".into();
        match (intent["capture_method"].as_str(), intent["amount"].as_i64()) {
            (Some("automatic"), Some(amount)) => self.take(id, amount),
            _ => intent.clone(),
        }
    }

    fn take(&mut self, id: &str, amount: i64) -> Value {
        let intent = self.intents.get_mut(id).unwrap();
        *self.captures.entry(id.to_owned()).or_default() += 1;
        intent["status"] = "succeeded".into();
        intent["amount_received"] = amount.into();
        if !self.late_fees {
            let transaction = json!({"id": "txn_1", "fee": 25, "currency": intent["currency"]});
            intent["latest_charge"]["balance_transaction"] = transaction;
        }
        intent.clone()
    }

    fn begin(&mut self, asked: &Fields) -> (u16, Value) {
        let id = format!("pi_{}", self.intents.len() + 1);
        let method = asked.get("payment_method").map(String::as_str);
        let status = match method {
            None => "requires_payment_method",
            Some("pm_card_visa") => "processing",
            // The bank wants to hear from the shopper, who is not there.
            Some("pm_card_threeDSecure2Required") if asked.contains_key("off_session") => {
                "requires_payment_method"
            }
            Some("pm_card_threeDSecure2Required") => "requires_action",
            Some("pm_card_chargeDeclined") => "requires_payment_method",
            Some(saved) if self.saved.get(saved).is_some_and(|of| asked.get("customer") == Some(of)) => {
                "processing"
            }
            Some(_) => {
                let error =
                    json!({"code": "resource_missing", "param": "payment_method", "message": "No such one."});
                return (400, json!({ "error": error }));
            }
        };
        let mut intent = json!({
            "id": id, "object": "payment_intent", "status": status, "metadata": metadata(asked),
            "amount": asked["amount"].parse::<i64>().unwrap(), "currency": asked["currency"], "amount_received": 0,
            "client_secret": format!("{id}_secret_canary"), "latest_charge": {"id": "ch_1", "disputed": false},
            "last_payment_error": null, "capture_method": asked["capture_method"],
        });
        let declined = status == "requires_payment_method" && method.is_some();
        let error = if method == Some("pm_card_threeDSecure2Required") {
            json!({"type": "card_error", "code": "authentication_required", "message": "The bank asks."})
        } else {
            json!({"type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds",
                "message": "Your card has insufficient funds."})
        };
        if let (Some(_), Some(customer), false) =
            (asked.get("setup_future_usage"), asked.get("customer"), declined)
        {
            // Stripe's test methods are new ones whenever they are used.
            let name = format!("pm_saved{}", self.saved.len() + 1);
            self.saved.insert(name, customer.clone());
        }
        if declined {
            intent["last_payment_error"] = error.clone();
        }
        self.intents.insert(id.clone(), intent.clone());
        if status == "processing" {
            intent = self.hold(&id);
        }
        if declined {
            let mut error = error;
            error["payment_intent"] = intent;
            return (402, json!({ "error": error }));
        }
        (200, intent)
    }
}
