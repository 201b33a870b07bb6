//! A market that is always the same: reads find what its store has, writes are said to be done and are not.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use serde_json::{Value, json, value::RawValue};
use souk::{
    id::{CustomerId, KeyId, StoreId},
    principal::{Principal, Scope, Who},
    runtime::{App, Function, Invocation, Kind},
    tenant::Mode,
};
use souk_cloud::{AwsError, CallInfo, Fault, Faults, Instead};
use souk_local::engine::{Market, MarketOptions};
use tokio::runtime::Runtime;

/// Functions that hash passwords, which takes longer than a thousand other requests: they find no AWS at all.
const SLOW: [&str; 4] = ["customers", "oauth", "sessions", "staff"];

/// A market, and what is known of it.
pub struct Frozen {
    runtime: Runtime,
    /// Every function with what it sees, by name.
    pub functions: BTreeMap<&'static str, (Function, App)>,
    /// Every route and its function's name.
    pub routes: Vec<(String, &'static str)>,
    /// Keeps it.
    _market: Market,
    /// What the gateway says of somebody who may do everything, and of a customer.
    pub principals: [Value; 2],
}

#[derive(Default)]
struct Ice(AtomicBool);

impl Faults for Ice {
    fn request(&self, _: &str, _: &str, operation: &str, _: &Bytes) -> Option<Instead> {
        let reads = ["Get", "BatchGet", "Query", "Scan", "Decrypt", "TransactGet", "List", "Describe"];
        let reads = reads.iter().any(|name| operation.starts_with(name));
        (self.0.load(Ordering::Relaxed) && !reads).then(|| Instead::Answer(Bytes::from_static(b"{}")))
    }

    fn before(&self, call: &CallInfo) -> Option<Fault> {
        let none = self.0.load(Ordering::Relaxed) && SLOW.contains(&call.caller.as_str());
        none.then(|| Fault::Refuse(AwsError::new("AccessDeniedException", "not here").into()))
    }
}

thread_local! {
    static FROZEN: RefCell<Option<&'static Frozen>> = const { RefCell::new(None) };
}

/// The market of this thread.
pub fn frozen() -> &'static Frozen {
    FROZEN.with(|cell| *cell.borrow_mut().get_or_insert_with(|| Box::leak(Box::new(Frozen::new()))))
}

/// The text of `template.yaml`.
pub fn template() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
    std::fs::read_to_string(path).expect("the template is beside the workspace's manifest")
}

impl Frozen {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let ice = Arc::new(Ice::default());
        let (market, store) = runtime.block_on(async {
            let functions = souk_local::functions();
            let mut options = MarketOptions { schedules: false, ..MarketOptions::new(template(), functions) };
            options.faults = Some(Arc::clone(&ice) as _);
            let market = Box::pin(Market::open(options)).await.unwrap();
            let event = json!({
                "name": "Kiosk", "currency": "EUR", "review_above": {"amount": 500_000, "currency": "EUR"},
                "locations": [{"id": "berlin", "name": "Berlin"}],
            });
            let event = RawValue::from_string(event.to_string()).unwrap();
            let store = market.invoke("provision-store", event).await.unwrap();
            market.settled().await;
            market.close().await;
            let store: Value = serde_json::from_str(store.get()).unwrap();
            (market, store)
        });
        ice.0.store(true, Ordering::Relaxed);
        let store: StoreId = store["store"].as_str().unwrap().parse().unwrap();
        let all = Scope::grantable();
        let key = Principal::new(store, Mode::Test, Who::Key(KeyId::from_bits(7)), None, all);
        let customer = Who::Customer(CustomerId::from_bits(9));
        let customer = Principal::new(store, Mode::Test, customer, None, Scope::CUSTOMER);
        let context = |principal: &Principal| json!({"lambda": principal.to_context()});
        let mut functions = BTreeMap::new();
        let mut routes = Vec::new();
        for function in souk_local::functions() {
            let name = function.name();
            routes.extend(function.routes().into_iter().flat_map(|it| it.iter()).map(|it| (it.key(), name)));
            functions.insert(name, (function, market.app(name).unwrap()));
        }
        let principals = [context(&key), context(&customer)];
        Self { runtime, functions, routes, _market: market, principals }
    }

    /// Hands a function an event. What it answers, where it answers.
    pub fn invoke(&self, function: &str, event: String) -> Option<Value> {
        let (function, app) = &self.functions[function];
        let event = RawValue::from_string(event).ok()?;
        let mut context = lambda_runtime::Context::default();
        context.deadline = u64::MAX / 2;
        let ran = self.runtime.block_on(function.invoke(app.clone(), Invocation { event, context }));
        ran.ok().and_then(|answer| serde_json::from_str(answer.get()).ok())
    }

    /// The functions of a kind, by name.
    pub fn of_kind(&self, kinds: &[Kind]) -> Vec<&'static str> {
        let of_kind = |(name, (function, _)): (&&'static str, &(Function, App))| {
            kinds.contains(&function.kind()).then_some(*name)
        };
        self.functions.iter().filter_map(of_kind).collect()
    }
}
