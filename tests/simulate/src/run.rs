//! One run, from an empty market to its verdict.

use std::{
    path::Path,
    sync::{Arc, LazyLock},
    time::Duration,
};

use fastrand::Rng;
use http::Request;
use jiff::Timestamp;
use serde_json::{Value, json, value::RawValue};
use souk_cloud::Caller;
use souk_local::engine::{Market, MarketOptions, seeded_entropy, tokio_clock};
use tokio::time::sleep;

use crate::{
    client::Stage,
    history::History,
    kind::Kind,
    model::{Model, Outside},
    people::{self, Shop},
    plan::Plan,
    watch::Watch,
    weather::{Counts, Weather},
};

/// How long all may take to settle once the storm is over.
const SETTLING: Duration = Duration::from_secs(15 * 60);

static TEMPLATE: LazyLock<String> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
    std::fs::read_to_string(path).expect("the template is beside the workspace's manifest")
});

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was run.
    pub plan: Plan,
    /// The trace's hash.
    pub hash: u64,
    /// The trace, where it was asked for.
    pub trace: Vec<String>,
    /// How many AWS calls were made.
    pub calls: u64,
    /// How many commits.
    pub commits: u64,
    /// How many orders were placed.
    pub orders: u64,
    /// What went wrong on purpose.
    pub faults: Counts,
    /// How many seconds passed in the market.
    pub seconds: i64,
    /// What must hold and did not.
    pub violations: Vec<String>,
}

/// Runs a plan.
pub fn run(plan: &Plan, traced: bool) -> Report {
    // The SDK draws its pauses and tokens from this thread's generator.
    fastrand::seed(plan.seed ^ 0x7364_6b73);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime can be built").block_on(play(plan, traced))
}

async fn play(plan: &Plan, traced: bool) -> Report {
    let start: Timestamp = "2026-03-01T09:00:00Z".parse().expect("a time");
    let (clock, weather) = (tokio_clock(start), Weather::new(plan));
    let watch = Watch::new(clock.clone(), traced);
    let mut options = MarketOptions::new(TEMPLATE.as_str(), souk_local::functions());
    options.clock = clock.clone();
    options.entropy = seeded_entropy(plan.seed);
    options.faults = Some(Arc::clone(&weather) as _);
    options.chaos = Some(Arc::clone(&weather) as _);
    options.observer = Some(Arc::clone(&watch) as _);
    if plan.chance(Kind::Redeliver) > 0 {
        options.delivery = weather.delivery();
    }
    let market = Market::open(options).await.expect("the template can be run");
    let table = |end: &str| {
        let mut tables = market.stack().tables.values();
        tables.find(|table| table.name.ends_with(end)).expect("the template has it").name.clone()
    };
    watch.watch(market.cloud(), table("-events"), table("-state"));

    let shop = open_shop(plan, &market, &weather, &watch).await;
    weather.begin();
    storm(plan, &shop).await;
    weather.end();
    settle(&shop).await;

    watch.catch_up();
    let outside = outside(&market, &watch);
    let mut violations = watch.model(|model| {
        let mut all = model.violations().to_vec();
        all.extend(shop.stage.history.check(model));
        all.extend(model.ends(&outside));
        all
    });
    violations.extend(market.trespasses().iter().map(|trespass| format!("apart: {trespass:?}")));
    violations.extend(weather.panics());
    let orders = watch.model(|model| model.order_count() as u64);
    let (hash, trace, calls, commits) = watch.summary();
    let seconds = clock.now().duration_since(start).as_secs();
    let (plan, faults) = (plan.clone(), weather.counts());
    Report { plan, hash, trace, calls, commits, orders, faults, seconds, violations }
}

/// A store that sells what the plan says.
async fn open_shop(plan: &Plan, market: &Market, weather: &Arc<Weather>, watch: &Arc<Watch>) -> Arc<Shop> {
    let event = json!({
        "name": "Kiosk", "currency": "EUR", "review_above": {"amount": 5_000, "currency": "EUR"},
        "locations": [{"id": "berlin", "name": "Berlin"}, {"id": "hamburg", "name": "Hamburg"}],
    });
    let event = RawValue::from_string(event.to_string()).expect("an event");
    let store = market.invoke("provision-store", event).await.expect("a store can be made");
    let store: Value = serde_json::from_str(store.get()).expect("an answer");
    let text = |pointer: &str| store.pointer(pointer).and_then(Value::as_str).expect("a text").to_owned();
    let (weather, watch) = (Arc::clone(weather), Arc::clone(watch));
    let stage =
        Stage { market: market.clone(), weather, watch, history: History::default(), store: text("/store") };
    let skus = (0..plan.skus).map(|number| format!("SKU-{number}")).collect();
    let keys = (text("/test/publishable_key"), text("/test/secret_key"));
    let shop = Shop::new(&Arc::new(stage), text("/store"), keys.0, keys.1, skus);
    let staff = shop.staff("staff".to_owned());
    for (number, sku) in (0..).zip(&shop.skus) {
        let price = people::euros(700 + 650 * number);
        let product = json!({"name": format!("The {sku}"), "variants": [{"sku": sku, "price": price}]});
        staff.post("/v1/products", product).await;
        let movement = json!({"location": "berlin", "change": plan.stock, "reason": "received"});
        staff.post(&format!("/v1/stock/{sku}/movements"), movement).await;
    }
    market.settled().await;
    shop
}

/// Everybody does what they came for.
async fn storm(plan: &Plan, shop: &Arc<Shop>) {
    let mut rng = Rng::with_seed(plan.seed ^ 0x7065_6f70);
    let mut people: Vec<_> = (0..plan.shoppers)
        .map(|number| tokio::spawn(people::shop(Arc::clone(shop), number, plan.span, rng.u64(..))))
        .collect();
    people.push(tokio::spawn(people::work(Arc::clone(shop), plan.chores, plan.span, rng.u64(..))));
    let market = &shop.stage.market;
    let app = market.app("payment-events").expect("the template has it");
    let provider =
        tokio::spawn(people::notify(Arc::clone(shop), market.operator(app.settings().clone()), rng.u64(..)));
    for person in people {
        // Whoever panics says so, and the run goes on.
        if let Err(error) = person.await {
            shop.stage.history.wrong(format!("a client: {error}"));
        }
    }
    // What people left behind goes on in the storm for a while.
    sleep(Duration::from_secs(rng.u64(..60))).await;
    provider.abort();
}

/// An operator has what was set aside tried again, and all has its time.
async fn settle(shop: &Arc<Shop>) {
    let market = &shop.stage.market;
    let began = tokio::time::Instant::now();
    while began.elapsed() < SETTLING {
        redrive(market).await;
        let _ = tokio::time::timeout(Duration::from_secs(60), market.settled()).await;
        if market.is_settled() && dead_letters(market).is_empty() && shop.stage.watch.model(Model::is_quiet) {
            return;
        }
        sleep(Duration::from_secs(5)).await;
    }
}

/// The dead-letter queues in which something lies.
fn dead_letters(market: &Market) -> Vec<String> {
    let queues = market.stack().queues.values().filter_map(|queue| queue.dead_letters.clone());
    queues.filter(|arn| market.cloud().sqs.depth(arn).visible > 0).collect()
}

/// Puts what lies in dead-letter queues back to where it came from.
async fn redrive(market: &Market) {
    let operator = Caller::unseen("operator");
    for arn in dead_letters(market) {
        let request = Request::post("http://localhost/")
            .header("x-amz-target", "AmazonSQS.StartMessageMoveTask")
            .header("content-type", "application/x-amz-json-1.0")
            .body(json!({"SourceArn": arn}).to_string().into());
        let _ = market.cloud().call(&operator, request.expect("a request")).await;
    }
}

fn outside(market: &Market, watch: &Watch) -> Outside {
    let cloud = market.cloud();
    let queues = market.stack().queues.values();
    let waiting = queues.filter_map(|queue| {
        let depth = cloud.sqs.depth(&queue.arn);
        let count = depth.visible + depth.in_flight + depth.delayed;
        (count > 0).then(|| (queue.name.clone(), count))
    });
    let buckets = market.stack().buckets.values();
    Outside {
        mails: cloud.ses.messages().len(),
        mail_troubles: watch.mail_troubles(),
        waiting: waiting.collect(),
        given_up: buckets.map(|bucket| cloud.objects.list(bucket, "").len()).sum(),
        settled: market.is_settled(),
    }
}
