//! A market of the real template and the real functions, under a paused clock.

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::SignedDuration;

use serde_json::{Value, json, value::RawValue};
use souk::{
    payment::{PaymentKey, Sandbox, SandboxNotice},
    runtime::{App, Clock},
    tenant::{Mode, Tenant},
};
use souk_cloud::Caller;
use souk_local::engine::{Delivery, Happening, Market, MarketOptions, Trespass, seeded_entropy, tokio_clock};

use tokio::sync::broadcast::error::RecvError;

use crate::{Answer, Api, Shopper, Staff, jitter::Jitter, teardown::Teardown};

/// The text of `template.yaml`.
pub fn template() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml")).unwrap()
}

/// An open market with one store.
pub struct TestMarket {
    /// The market.
    pub market: Market,
    /// The store's id.
    pub store: String,
    /// Its publishable key.
    pub pk: String,
    /// Its secret key.
    pub sk: String,
    /// Its secret key of live mode.
    pub live_sk: String,
    happenings: Arc<Mutex<Vec<Happening>>>,
    leap: Arc<AtomicI64>,
    teardown: Teardown,
}

impl TestMarket {
    /// A market with a store that has one product, `MUG`, of which `stock` lie in Berlin.
    pub async fn with_mugs(stock: u64) -> Self {
        let market = Self::open(|_| {}).await;
        market.staff().sell("MUG", 1250, stock).await;
        market
    }

    /// As [`TestMarket::with_mugs`], where workers get into each other's way: what races must be run in.
    pub async fn crowded(stock: u64) -> Self {
        let market = Self::open(|options| options.faults = Some(Arc::new(Jitter::default()))).await;
        market.staff().sell("MUG", 1250, stock).await;
        market
    }

    /// An open market with an empty store, after `change` was made to how it opens.
    pub async fn open(change: impl FnOnce(&mut MarketOptions)) -> Self {
        let start = "2026-03-01T09:00:00Z".parse().unwrap();
        let mut options = MarketOptions::new(template(), souk_local::functions());
        let (tokio, leap) = (tokio_clock(start), Arc::new(AtomicI64::new(0)));
        let leaps = Arc::clone(&leap);
        options.clock =
            Clock::from_fn(move || tokio.now() + SignedDuration::from_secs(leaps.load(Ordering::Relaxed)));
        options.entropy = seeded_entropy(7);
        change(&mut options);
        Self { leap, ..Self::of(Market::open(options).await.unwrap()).await }
    }

    /// Lets so much time pass at once, without what would happen in it: no sweep, no timer.
    pub fn leap(&self, time: SignedDuration) {
        self.leap.fetch_add(time.as_secs(), Ordering::Relaxed);
    }

    /// A market whose queues hand each message out up to `times` times, in an order drawn from `seed`.
    pub async fn with_bad_delivery(times: u32, seed: u64) -> Self {
        Self::open(|options| options.delivery = Delivery::unreliable(times, seed)).await
    }

    /// `market`, with a new store.
    pub async fn of(market: Market) -> Self {
        // `SHOW=warn cargo test …` prints what the functions say, and all that happens.
        if let Ok(level) = std::env::var("SHOW") {
            let _ = tracing_subscriber::fmt().with_env_filter(level).with_test_writer().try_init();
        }
        let (happenings, mut receiver) = (Arc::new(Mutex::new(Vec::new())), market.happenings());
        let taken = Arc::clone(&happenings);
        tokio::spawn(async move {
            loop {
                let happening = match receiver.recv().await {
                    Ok(happening) => happening,
                    Err(RecvError::Lagged(missed)) => panic!("the test missed {missed} happenings"),
                    Err(RecvError::Closed) => break,
                };
                if std::env::var_os("SHOW").is_some() {
                    eprintln!("{happening:?}");
                }
                taken.lock().unwrap().push(happening);
            }
        });
        let teardown = Teardown::new(market.clone());
        let provisioned = provision(&market, "Kiosk").await;
        let text = |pointer: &str| provisioned.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        let (store, pk, sk) = (text("/store"), text("/test/publishable_key"), text("/test/secret_key"));
        let live_sk = text("/live/secret_key");
        Self { market, store, pk, sk, live_sk, happenings, leap: Arc::default(), teardown }
    }

    /// What functions touched and were not to. Who asks has expected it: the test goes on to its end.
    pub fn trespasses(&self) -> Vec<Trespass> {
        self.teardown.expect_trespasses();
        self.market.trespasses()
    }

    /// Another store of the same market: its id, publishable and secret key.
    pub async fn another_store(&self) -> (String, Api, Api) {
        let provisioned = provision(&self.market, "Other").await;
        let api = |kind: &str| Api::of_market(&self.market, provisioned["test"][kind].as_str().unwrap());
        (provisioned["store"].as_str().unwrap().to_owned(), api("publishable_key"), api("secret_key"))
    }

    /// Another store, of which more is said than of others: its tenant, publishable and secret key.
    pub async fn store_with(&self, more: Value) -> (Tenant, Api, Api) {
        let provisioned = provision_with(&self.market, "Special", more).await;
        let api = |kind: &str| Api::of_market(&self.market, provisioned["test"][kind].as_str().unwrap());
        let store = provisioned["store"].as_str().unwrap().parse().unwrap();
        (Tenant::of_own_record(store, Mode::Test), api("publishable_key"), api("secret_key"))
    }

    /// A shopper with the store's publishable key.
    pub fn shopper(&self) -> Shopper {
        Shopper(Api::of_market(&self.market, &self.pk))
    }

    /// The staff, with the store's secret key.
    pub fn staff(&self) -> Staff {
        Staff(Api::of_market(&self.market, &self.sk))
    }

    /// Runs a function by its name, as whoever may invoke it does.
    ///
    /// # Errors
    /// What it failed with.
    pub async fn invoke(&self, function: &str, event: Value) -> Result<Value, String> {
        let answer = self.market.invoke(function, RawValue::from_string(event.to_string()).unwrap()).await;
        answer.map(|answer| serde_json::from_str(answer.get()).unwrap()).map_err(|error| error.to_string())
    }

    /// Calls DynamoDB as somebody who may do everything: to look behind the scenes, or to do what an attacker does.
    pub async fn dynamodb(&self, operation: &str, request: Value) -> Value {
        let request = http::Request::post("http://localhost/")
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("content-type", "application/x-amz-json-1.0")
            .body(request.to_string().into())
            .unwrap();
        let answer = self.market.cloud().call(&Caller::everything("test"), request).await.unwrap();
        assert!(answer.status().is_success(), "{}", String::from_utf8_lossy(answer.body()));
        serde_json::from_slice(answer.body()).unwrap()
    }

    /// The name of the table whose name ends so.
    pub fn table(&self, end: &str) -> String {
        let tables = &self.market.stack().tables;
        tables.values().find(|table| table.name.ends_with(end)).unwrap().name.clone()
    }

    /// What happened so far.
    pub fn happenings(&self) -> Vec<Happening> {
        self.happenings.lock().unwrap().clone()
    }

    /// The market's clock.
    pub fn clock(&self) -> &Clock {
        self.market.clock()
    }

    /// The world as a function that may do everything sees it.
    pub fn app(&self) -> App {
        let stack = self.market.stack();
        let table =
            |end: &str| stack.tables.values().find(|table| table.name.ends_with(end)).unwrap().name.clone();
        let mut functions = stack.functions.values();
        let saga = functions.find(|function| function.binary == "advance-orders").unwrap();
        let of_saga = |name: &str| saga.environment[name].clone();
        let settings = [
            ("ROOT_SECRET_ARN", stack.secrets.values().next().unwrap().arn.clone()),
            ("STATE_TABLE", table("-state")),
            ("EVENTS_TABLE", table("-events")),
            ("VAULT_TABLE", table("-vault")),
            ("PERSONAL_DATA_KEY", stack.keys.values().next().unwrap().id.clone()),
            ("ANCHORS_TABLE", table("-anchors")),
            ("STRIPE_BASE_URL", of_saga("STRIPE_BASE_URL")),
            ("STRIPE_SECRETS", of_saga("STRIPE_SECRETS")),
        ];
        self.market.operator(settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// What the sandbox would send now about the payment of the order at `path`.
    pub async fn notice(&self, path: &str) -> SandboxNotice {
        let order = path.trim_start_matches("/v1/orders/").parse().unwrap();
        Sandbox::new(self.app(), self.tenant()).notice(PaymentKey::of(order)).await.unwrap()
    }

    /// Sends `body` to the address of the sandbox's notifications, with this signature.
    pub async fn send_notice(&self, body: &str, signature: &str) -> Answer {
        let path = format!("/v1/payment-events/sandbox/{}", self.store);
        let headers = [("souk-sandbox-signature", signature)];
        self.shopper().0.with_key(None).send_text(http::Method::POST, &path, body.to_owned(), &headers).await
    }

    /// Notifies the store, as the sandbox would, about the payment of the order at `path`.
    pub async fn notify_payment(&self, path: &str) -> Answer {
        let notice = self.notice(path).await;
        self.send_notice(&notice.body, &notice.signature).await
    }

    /// The payments at the sandbox, as it keeps them.
    pub async fn payments(&self) -> Vec<Value> {
        self.state_items("payment").await
    }

    /// The store in test mode.
    pub fn tenant(&self) -> Tenant {
        Tenant::of_own_record(self.store.parse().unwrap(), Mode::Test)
    }

    /// All items of a kind in the state table, as plain JSON.
    pub async fn state_items(&self, kind: &str) -> Vec<Value> {
        self.items("-state", kind).await
    }

    /// All items of a kind in the table whose name ends so, as plain JSON.
    pub async fn items(&self, table: &str, kind: &str) -> Vec<Value> {
        self.raw_items(table, kind).await.iter().map(plain).collect()
    }

    /// All items of a kind in the table whose name ends so, as DynamoDB has them.
    pub async fn raw_items(&self, table: &str, kind: &str) -> Vec<Value> {
        let items = self.scan(table).await;
        items.into_iter().filter(|item| item["kind"]["S"] == kind).collect()
    }

    /// All items of the table whose name ends so, as plain JSON.
    pub async fn all_items(&self, table: &str) -> Vec<Value> {
        self.scan(table).await.iter().map(plain).collect()
    }

    async fn scan(&self, table: &str) -> Vec<Value> {
        let (mut items, mut ask) = (Vec::new(), json!({"TableName": self.table(table)}));
        loop {
            let mut page = self.dynamodb("Scan", ask.clone()).await;
            items.extend(page["Items"].as_array_mut().map(std::mem::take).unwrap_or_default());
            ask["ExclusiveStartKey"] = page["LastEvaluatedKey"].take();
            if ask["ExclusiveStartKey"].is_null() {
                return items;
            }
        }
    }
}

/// An item in DynamoDB's JSON, as plain JSON.
pub fn plain(item: &Value) -> Value {
    let value = |value: &Value| {
        let (kind, inner) = value.as_object().unwrap().iter().next().unwrap();
        match kind.as_str() {
            "N" => serde_json::from_str(inner.as_str().unwrap()).unwrap(),
            "M" => plain(inner),
            "L" => inner
                .as_array()
                .unwrap()
                .iter()
                .map(|one| plain(&json!({ "it": one }))["it"].clone())
                .collect(),
            "NULL" => Value::Null,
            "B" => inner.as_str().and_then(unpacked).unwrap_or_else(|| inner.clone()),
            _ => inner.clone(),
        }
    };
    item.as_object().unwrap().iter().map(|(name, inner)| (name.clone(), value(inner))).collect()
}

/// The JSON that was packed, if that is what these bytes are.
fn unpacked(bytes: &str) -> Option<Value> {
    serde_json::from_slice(&souk::store::unpack(&BASE64_STANDARD.decode(bytes).ok()?)?).ok()
}

async fn provision(market: &Market, name: &str) -> Value {
    provision_with(market, name, json!({})).await
}

async fn provision_with(market: &Market, name: &str, more: Value) -> Value {
    let mut event = json!({
        "name": name, "currency": "EUR", "review_above": {"amount": 500_000, "currency": "EUR"},
        "locations": [{"id": "berlin", "name": "Berlin"}, {"id": "hamburg", "name": "Hamburg"}],
    });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = market.invoke("provision-store", RawValue::from_string(event.to_string()).unwrap()).await;
    serde_json::from_str(answer.unwrap().get()).unwrap()
}
