//! A market on which something can be played, and what is asked of it in the end.

use std::{
    path::Path,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use http::Request;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json, value::RawValue};
use souk::runtime::Clock;
use souk_cloud::{Caller, Faults};
use souk_local::engine::{Delivery, Market, MarketOptions, seeded_entropy, tokio_clock};
use tokio::time::sleep;

use crate::{
    client::Stage,
    history::History,
    model::{Model, Outside},
    people::{self, Shop},
    watch::Watch,
    weather::Weather,
};

/// How long all may take to settle once the storm is over.
const SETTLING: Duration = Duration::from_secs(15 * 60);

/// When it is when a market opens.
const START: Timestamp = Timestamp::constant(1_772_355_600, 0);

static TEMPLATE: LazyLock<String> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
    std::fs::read_to_string(path).expect("the template is beside the workspace's manifest")
});

/// How a market is opened.
pub struct Opening {
    /// Repeats its randomness.
    pub seed: u64,
    /// How many SKUs its store sells.
    pub skus: u32,
    /// How many of each there are.
    pub stock: u32,
    /// Over how many buckets each is spread.
    pub buckets: u32,
    /// What happens to functions and clients.
    pub weather: Arc<Weather>,
    /// What happens to calls.
    pub faults: Arc<dyn Faults>,
    /// How queues deliver, where not as they should.
    pub delivery: Option<Delivery>,
    /// Whether the trace is kept.
    pub traced: bool,
    /// Whether a crowd comes: then the tables' partitions have their limits, and the store lets more people in.
    pub crowd: bool,
    /// By how many seconds the clock is ahead of the time that passed.
    pub leap: Arc<AtomicI64>,
}

/// What the names of the queues end with that hear what is published.
const HEARD: &str = "heard";

/// A market with a store that sells something.
pub async fn open(opening: Opening) -> Arc<Shop> {
    let Opening { seed, weather, faults, delivery, traced, .. } = &opening;
    let (tokio, leap) = (tokio_clock(START), Arc::clone(&opening.leap));
    let clock = Clock::from_fn(move || tokio.now() + SignedDuration::from_secs(leap.load(Ordering::Relaxed)));
    let watch = Watch::new(clock.clone(), *traced);
    let mut options = MarketOptions::new(TEMPLATE.as_str(), weather.functions());
    options.clock = clock;
    options.entropy = seeded_entropy(*seed);
    options.faults = Some(Arc::clone(faults));
    options.chaos = Some(Arc::clone(weather) as _);
    options.observer = Some(Arc::clone(&watch) as _);
    options.delivery = delivery.clone().unwrap_or_default();
    options.partition_limits = opening.crowd;
    let market = Market::open(options).await.expect("the template can be run");
    attend(&market, &watch);
    open_shop(&opening, &market, &watch).await
}

/// From now on `watch` sees all that is done in the market, and hears, in the end, all that was published.
pub fn attend(market: &Market, watch: &Watch) {
    let table = |end: &str| {
        let mut tables = market.stack().tables.values();
        tables.find(|table| table.name.ends_with(end)).expect("the template has it").name.clone()
    };
    watch.watch(market.cloud(), table("-events"), table("-state"));
    market.subscribe(HEARD).expect("topics can be subscribed to");
}

impl Stage {
    /// Lets time pass at once, in which all that was under way ends.
    pub fn leap(&self, time: SignedDuration) {
        self.weather.night();
        self.leap.fetch_add(time.as_secs(), Ordering::Relaxed);
    }

    /// How many seconds have passed since the market opened.
    pub fn seconds(&self) -> i64 {
        self.market.clock().now().duration_since(START).as_secs()
    }
}

/// What must hold and does not, now that all is settled. So many mails may have been sent once more because who sent them
/// died, which is not seen from here.
pub fn verdict(shop: &Shop, sent_again: usize) -> Vec<String> {
    let Stage { market, watch, history, .. } = &*shop.stage;
    watch.catch_up();
    let mut outside = outside(market, watch);
    outside.mail_troubles += sent_again;
    let mut violations = watch.model(|model| {
        let mut all = model.violations().to_vec();
        all.extend(history.check(model));
        all.extend(model.ends(&outside));
        all
    });
    violations.extend(market.trespasses().iter().map(|trespass| format!("apart: {trespass:?}")));
    violations
}

/// A store that sells what was asked for.
pub async fn open_shop(opening: &Opening, market: &Market, watch: &Arc<Watch>) -> Arc<Shop> {
    let mut event = json!({
        "name": "Kiosk", "currency": "EUR", "review_above": {"amount": 5_000, "currency": "EUR"},
        "locations": [{"id": "berlin", "name": "Berlin"}, {"id": "hamburg", "name": "Hamburg"}],
    });
    if opening.crowd {
        event["limits"] = json!({"store": {"per_second": 100_000, "burst": 100_000}});
    }
    let event = RawValue::from_string(event.to_string()).expect("an event");
    let store = market.invoke("provision-store", event).await.expect("a store can be made");
    let store: Value = serde_json::from_str(store.get()).expect("an answer");
    let text = |pointer: &str| store.pointer(pointer).and_then(Value::as_str).expect("a text").to_owned();
    let (weather, watch) = (Arc::clone(&opening.weather), Arc::clone(watch));
    let (market, leap) = (market.clone(), Arc::clone(&opening.leap));
    let stage = Stage { market, weather, watch, history: History::default(), store: text("/store"), leap };
    let skus = (0..opening.skus).map(|number| format!("SKU-{number}")).collect();
    let keys = (text("/test/publishable_key"), text("/test/secret_key"));
    let shop = Shop::new(&Arc::new(stage), text("/store"), keys.0, keys.1, skus);
    let staff = shop.staff("staff".to_owned());
    for (number, sku) in (0..).zip(&shop.skus) {
        let price = people::euros(700 + 650 * number);
        let product = json!({"name": format!("The {sku}"), "variants": [{"sku": sku, "price": price}]});
        staff.post("/v1/products", product).await;
        let movement = json!({"location": "berlin", "change": opening.stock, "reason": "received"});
        staff.post(&format!("/v1/stock/{sku}/movements"), movement).await;
        if opening.buckets > 1 {
            staff.patch_once(&format!("/v1/stock/{sku}"), json!({"buckets": opening.buckets})).await;
        }
    }
    shop.stage.market.settled().await;
    shop
}

/// An operator has what was set aside tried again, and all has its time.
pub async fn settle(shop: &Arc<Shop>) {
    let market = &shop.stage.market;
    let began = tokio::time::Instant::now();
    while began.elapsed() < SETTLING {
        redrive(market).await;
        let _ = tokio::time::timeout(Duration::from_secs(60), market.settled()).await;
        if market.is_settled() && dead_letters(market).is_empty() && shop.stage.watch.model(Model::is_quiet) {
            break;
        }
        sleep(Duration::from_secs(5)).await;
    }
    // Of the last message, too, every copy.
    sleep(Duration::from_secs(10)).await;
    hear(&shop.stage).await;
    // A schedule may have begun meanwhile.
    let _ = tokio::time::timeout(Duration::from_secs(60), market.settled()).await;
}

/// Tells who sees all what was published.
async fn hear(stage: &Stage) {
    let cloud = stage.market.cloud();
    for topic in stage.market.stack().topics.values() {
        let arn = cloud.place.arn("sqs", &format!("{}-{HEARD}", topic.name));
        while let Ok(messages) = cloud.sqs.receive(&arn, 10, Duration::ZERO).await {
            if messages.is_empty() {
                break;
            }
            for message in messages {
                let event: Value = serde_json::from_str(&message.body).unwrap_or_default();
                stage.watch.published(event["id"].as_str().unwrap_or_default());
                let _ = cloud.sqs.delete(&arn, &message.receipt_handle);
            }
        }
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

/// What the world outside the tables says.
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
