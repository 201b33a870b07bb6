//! Killed in the middle of a hundred orders, started again on the same data: all of them settle.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use futures::{StreamExt, stream};
use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use souk::{
    runtime::{App, Clock, Entropy, MetricSink, Settings, Transport},
    sweep::sweep,
};
use souk_local::template::{Stack, TemplateOptions, load};
use souk_tests::{Api, Shopper, Staff, plain, template};
use tokio::{sync::Notify, time::Instant};

use crate::local::{Folder, Local};

const ORDERS: usize = 100;

/// Each has more on the shelves than all orders take.
const SKUS: [&str; 4] = ["COF-HHE-250", "MUG-SAND", "SLT-250", "TEE-WHT-M"];

/// How many are in work at once. More only wait for each other.
const AT_ONCE: usize = 25;

/// How long the saga may take for all of them.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_orders_survive_sigkill() {
    let data = Folder::new("crash");
    let local = Local::open(&["--data", data.name()]).await;
    let stock = stock(&local.staff()).await;
    let carts: Vec<_> = stream::iter(0..ORDERS)
        .map(|n| {
            let shopper = Shopper(local.shopper());
            async move { shopper.cart(SKUS[n % SKUS.len()], quantity(n)).await }
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    let answered = check_out_until_killed(local, &carts).await;
    assert!(
        (ORDERS / 4..ORDERS).contains(&answered.len()),
        "{} were answered: that is not the middle",
        answered.len()
    );

    let local = Local::open(&["--data", data.name()]).await;
    let aws = Aws::of(&local);
    // Whoever got no answer asks again. A cart is one order, however often that happens.
    let shopper = Shopper(local.shopper());
    for cart in carts.iter().filter(|cart| !answered.contains_key(*cart)) {
        let again = shopper.check_out(cart, "pm_card_visa").await;
        let right = again.status == 202 || again.code() == "cart_ordered";
        assert!(right, "{cart} was answered {}: {}", again.status, again.text);
    }
    let orders = settled(&local, &aws).await;
    let lost: Vec<_> = answered.values().filter(|order| !orders.contains_key(*order)).collect();
    assert!(lost.is_empty(), "were answered and are gone: {lost:?}");
    assert_eq!(orders.len(), ORDERS, "one order for each cart");

    let mut taken = BTreeMap::new();
    for line in orders.values().flat_map(|order| order["lines"].as_array().unwrap()) {
        *taken.entry(line["sku"].as_str().unwrap().to_owned()).or_default() +=
            line["quantity"].as_u64().unwrap();
    }
    for (sku, available) in stock {
        let taken: u64 = taken.get(&sku).copied().unwrap_or_default();
        let (on_hand, reserved, left) = Staff(local.staff()).stock(&sku).await;
        assert_eq!(
            (on_hand, reserved, left),
            (available, taken, available - taken),
            "{sku}: on hand, reserved, left"
        );
    }
    let payments = aws.items("state", Some("payment")).await;
    assert_eq!(payments.len(), ORDERS, "one payment for each order");
    for payment in &payments {
        assert_eq!(payment["captures"], 1, "{payment}");
    }
    for (id, queue) in aws.stack.queues.iter().filter(|(id, _)| id.ends_with("DeadLetters")) {
        let dead = aws
            .call("AmazonSQS.GetQueueAttributes", json!({"QueueUrl": queue.url, "AttributeNames": ["All"]}))
            .await;
        assert_eq!(dead["Attributes"]["ApproximateNumberOfMessages"], "0", "{id}");
    }
}

fn quantity(n: usize) -> u32 {
    1 + u32::try_from(n % 2).unwrap()
}

/// Checks all carts out and kills the market when half of them have their answer. The orders that were answered, by
/// cart.
async fn check_out_until_killed(local: Local, carts: &[String]) -> BTreeMap<String, String> {
    let (answers, half, shopper) = (AtomicUsize::new(0), Notify::new(), local.shopper());
    let (answers, half, asking) = (&answers, &half, &shopper);
    let checkouts = stream::iter(carts)
        .map(|cart| async move {
            let body = json!({"payment_method": "pm_card_visa"}).to_string();
            let headers = [("idempotency-key", cart.as_str())];
            let answer =
                asking.try_send(Method::POST, &format!("{cart}/checkout"), body, &headers).await.ok()?;
            if answers.fetch_add(1, Ordering::Relaxed) + 1 == ORDERS / 2 {
                half.notify_one();
            }
            Some((cart.clone(), answer.expect(202).text_at("/id").to_owned()))
        })
        .buffer_unordered(AT_ONCE)
        .filter_map(async |answered| answered)
        .collect();
    let kill = async {
        half.notified().await;
        local.kill().await;
    };
    tokio::join!(checkouts, kill).0
}

/// All orders there are, once each of them is confirmed and captured and nothing is left to be done.
async fn settled(local: &Local, aws: &Aws) -> BTreeMap<String, Value> {
    let started = Instant::now();
    // The messages that were in work are hidden for three minutes, and the sweeper has its first look after one. Time
    // is what there is too little of here: the sweeper's own code runs now, with a clock that is ahead.
    let nudged = aws.sweep_minutes_later().await;
    println!("{nudged} orders were under way");
    let mut orders = BTreeMap::new();
    loop {
        let ids: BTreeSet<_> = aws.items("events", None).await.iter().filter_map(order_of).collect();
        for id in &ids {
            if !orders.get(id).is_some_and(is_settled) {
                orders.insert(
                    id.clone(),
                    local.staff().get(&format!("/v1/orders/{id}")).await.expect(200).json,
                );
            }
        }
        let stuck: Vec<_> = orders.values().filter(|order| !is_settled(order)).collect();
        // A note that something is to be done goes a moment after it was done.
        let work = aws.items("state", Some("work")).await;
        if stuck.is_empty() && work.is_empty() {
            return orders;
        }
        assert!(started.elapsed() < PATIENCE || !stuck.is_empty(), "is still noted to be done: {work:?}");
        assert!(
            started.elapsed() < PATIENCE,
            "{} of {} are stuck, such as {}",
            stuck.len(),
            orders.len(),
            stuck[0]
        );
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

fn is_settled(order: &Value) -> bool {
    order["status"] == "confirmed" && order["payment"]["status"] == "captured"
}

/// The order whose event this is, by its key `<store>/<mode>/order/<id>`.
fn order_of(event: &Value) -> Option<String> {
    event["pk"].as_str()?.split("/order/").nth(1).map(str::to_owned)
}

async fn stock(staff: &Api) -> BTreeMap<String, u64> {
    let mut stock = BTreeMap::new();
    for sku in SKUS {
        let (on_hand, reserved, _) = Staff(staff.clone()).stock(sku).await;
        assert!(reserved == 0 && on_hand > 60, "{sku}: {on_hand}");
        stock.insert(sku.to_owned(), on_hand);
    }
    stock
}

/// The emulated services, as anybody with the AWS command line reaches them.
struct Aws {
    endpoint: String,
    stack: Stack,
}

impl Aws {
    fn of(local: &Local) -> Self {
        Self { endpoint: local.aws.clone(), stack: load(&template(), &TemplateOptions::default()).unwrap() }
    }

    async fn call(&self, target: &str, input: Value) -> Value {
        let headers = [("x-amz-target", target), ("content-type", "application/x-amz-json-1.0")];
        let api = Api::of_url(&self.endpoint, "").with_key(None);
        api.send_text(Method::POST, "/", input.to_string(), &headers).await.expect(200).json
    }

    /// The items of one kind, or all, in the table whose name ends so.
    async fn items(&self, table: &str, kind: Option<&str>) -> Vec<Value> {
        let table = &self.stack.tables.values().find(|known| known.name.ends_with(table)).unwrap().name;
        let (mut items, mut input) = (Vec::new(), json!({"TableName": table, "ConsistentRead": true}));
        loop {
            let page = self.call("DynamoDB_20120810.Scan", input.clone()).await;
            items.extend(page["Items"].as_array().unwrap().iter().map(plain));
            match page.get("LastEvaluatedKey") {
                Some(key) => input["ExclusiveStartKey"] = key.clone(),
                None => break,
            }
        }
        items.retain(|item| kind.is_none_or(|kind| item["kind"] == kind));
        items
    }

    /// Runs the sweeper as it runs five minutes later. How many orders it nudged.
    async fn sweep_minutes_later(&self) -> usize {
        let mut settings = self.stack.function("sweep").unwrap().environment.clone();
        for (name, value) in [
            ("AWS_REGION", self.stack.place.region.as_str()),
            ("AWS_ACCESS_KEY_ID", "operator"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_ENDPOINT_URL", &self.endpoint),
        ] {
            settings.insert(name.to_owned(), value.to_owned());
        }
        let queue = settings["ADVANCE_ORDERS_QUEUE_URL"].clone();
        let settings: Settings = settings.into_iter().collect();
        let transport = Transport::from_environment(&settings).unwrap();
        let clock = Clock::from_fn(|| Timestamp::now() + SignedDuration::from_mins(5));
        let app =
            App::with_metrics(settings, transport, clock, Entropy::system(), MetricSink::from_fn(|_| {}));
        sweep(&app, &queue).await.unwrap()
    }
}
