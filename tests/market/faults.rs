//! AWS on a bad day: throttled, failing, answering nobody.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use futures::future::join_all;
use souk_cloud::{AwsError, CallInfo, Delivery, Fault, Faults};
use souk_tests::{TestMarket, until};

/// Throttles `throttled` percent of the functions' DynamoDB calls, and loses the answers of `lost` percent.
struct BadDay {
    throttled: u64,
    lost: u64,
    state: AtomicU64,
    count: Mutex<BTreeMap<&'static str, u32>>,
}

impl BadDay {
    fn new(throttled: u64, lost: u64, seed: u64) -> Arc<Self> {
        let state = AtomicU64::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        Arc::new(Self { throttled, lost, state, count: Mutex::default() })
    }

    fn happens(&self, percent: u64, what: &'static str) -> bool {
        // xorshift64*: the same seed gives the same bad day.
        let mut x = self.state.load(Ordering::Relaxed);
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.state.store(x, Ordering::Relaxed);
        let happens = (x.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) % 100 < percent;
        if happens {
            *self.count.lock().unwrap().entry(what).or_default() += 1;
        }
        happens
    }
}

fn of_the_saga(call: &CallInfo) -> bool {
    ["advance-orders", "relay-events", "follow-orders", "project-orders", "send-notifications"]
        .contains(&call.caller.as_str())
}

impl Faults for BadDay {
    fn before(&self, call: &CallInfo) -> Option<Fault> {
        let throttled =
            of_the_saga(call) && call.service == "dynamodb" && self.happens(self.throttled, "throttled");
        let error = AwsError::new("ProvisionedThroughputExceededException", "slow down");
        throttled.then(|| Fault::Refuse(error.into()))
    }

    fn after(&self, call: &CallInfo) -> Delivery {
        if of_the_saga(call) && call.service != "ses" && self.happens(self.lost, "lost") {
            Delivery::Lose
        } else {
            Delivery::Deliver
        }
    }
}

/// The saga's calls are throttled and their answers lost after the commit. Every order still ends as it should.
#[tokio::test(start_paused = true)]
async fn orders_settle_on_a_bad_day() {
    let (mut throttled, mut lost) = (0, 0);
    for seed in 1..4 {
        let faults = BadDay::new(15, 10, seed);
        let market = TestMarket::open(|options| options.faults = Some(faults.clone())).await;
        let staff = market.staff();
        staff.sell("MUG", 1250, 4).await;
        let orders = join_all((0..7).map(|n| {
            let shopper = market.shopper();
            async move {
                let cart = shopper.cart("MUG", 1).await;
                let method = if n == 3 { "pm_card_chargeDeclined" } else { "pm_card_visa" };
                let placed = shopper.check_out(&cart, method).await;
                if placed.status != 202 {
                    assert_eq!(placed.code(), "out_of_stock");
                    return None;
                }
                let settled = |order: &serde_json::Value| {
                    order["payment"]["status"] == "captured" || order["status"] == "canceled"
                };
                Some(until(&shopper.0, placed.header("location"), settled).await)
            }
        }))
        .await;
        market.market.settled().await;
        let orders = orders.into_iter().flatten();
        let confirmed = orders.filter(|order| order.text_at("/status") == "confirmed").count() as u64;
        assert_eq!(staff.stock("MUG").await, (4, confirmed, 4 - confirmed), "seed {seed}");
        let payments = market.payments().await;
        assert!(
            payments.iter().all(|payment| payment["captures"].as_u64() <= Some(1)),
            "seed {seed}: {payments:?}"
        );
        let charged = payments.iter().filter(|payment| payment["status"] == "captured").count() as u64;
        assert_eq!(charged, confirmed, "seed {seed}");
        let counted = faults.count.lock().unwrap();
        throttled += counted["throttled"];
        lost += counted["lost"];
    }
    assert!(throttled > 15 && lost > 15, "good days prove nothing: {throttled} throttled, {lost} lost");
}

/// Every message of an order is lost. The sweeper finds it.
#[tokio::test(start_paused = true)]
async fn an_order_survives_the_loss_of_every_message() {
    struct NoTopic;
    impl Faults for NoTopic {
        fn before(&self, call: &CallInfo) -> Option<Fault> {
            (call.service == "sns").then(|| Fault::Refuse(AwsError::new("InternalError", "down").into()))
        }
    }
    let market = TestMarket::open(|options| options.faults = Some(Arc::new(NoTopic))).await;
    market.staff().sell("MUG", 1250, 4).await;
    let shopper = market.shopper();
    let order = shopper.buy("MUG", 1, "pm_card_visa").await;
    until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
    let minutes = market.clock().now().duration_since("2026-03-01T09:00:00Z".parse().unwrap()).as_secs() / 60;
    assert!(minutes <= 4, "settled after {minutes} minutes: within three sweeps");
}

/// Loses the answer of one write: the `which`-th that the functions make.
struct LoseOne {
    which: u64,
    writes: AtomicU64,
}

impl Faults for LoseOne {
    fn after(&self, call: &CallInfo) -> Delivery {
        let write =
            ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "PublishBatch", "SendMessage"];
        // A token more or less is no effect on an order.
        if !write.contains(&call.operation.as_str()) || call.caller == "authorizer" {
            return Delivery::Deliver;
        }
        let place = self.writes.fetch_add(1, Ordering::Relaxed);
        if place == self.which { Delivery::Lose } else { Delivery::Deliver }
    }
}

/// The answer of every write on an order's way is lost once, each in a market of its own: every effect is there once.
#[tokio::test(start_paused = true)]
async fn each_lost_answer_of_a_write_has_one_effect() {
    let mut sites = 0;
    for which in 0.. {
        let faults = Arc::new(LoseOne { which: which + 10_000, writes: AtomicU64::new(0) });
        let market = TestMarket::open(|options| options.faults = Some(faults.clone())).await;
        market.staff().sell("MUG", 1250, 4).await;
        market.market.settled().await;
        faults.writes.store(10_000, Ordering::Relaxed);

        let shopper = market.shopper();
        // Without an idempotency key: the client can't tell a retry of the SDK from its own request.
        let send = async |method: http::Method, path: &str, body: serde_json::Value| {
            shopper.0.send(method, path, Some(body), &[]).await
        };
        let cart = send(http::Method::POST, "/v1/carts", serde_json::json!({})).await.expect(201);
        let path = format!("/v1/carts/{}", cart.text_at("/id"));
        let line = serde_json::json!({"sku": "MUG", "quantity": 1});
        let added = send(http::Method::POST, &format!("{path}/lines"), line).await.expect(200);
        assert_eq!(added.json["lines"][0]["quantity"], 1, "write {which}: added once");
        let contact = serde_json::json!({
            "email": "ada@example.com",
            "shipping_address": {"line1": "12 Analytical Row", "city": "Berlin", "country": "DE"},
        });
        send(http::Method::PATCH, &path, contact).await.expect(200);
        let placed = shopper.check_out(&path, "pm_card_visa").await.expect(202);
        let order = placed.header("location").to_owned();
        until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
        market.staff().0.post(&format!("{order}/fulfillments"), serde_json::json!({})).await.expect(201);
        market.market.settled().await;

        let end = shopper.0.get(&order).await.expect(200);
        assert_eq!(end.text_at("/status"), "fulfilled", "write {which}: {}", end.text);
        assert_eq!(market.staff().stock("MUG").await, (3, 0, 3), "write {which}");
        let payments = market.payments().await;
        assert_eq!((payments.len(), &payments[0]["captures"]), (1, &serde_json::json!(1)), "write {which}");
        if faults.writes.load(Ordering::Relaxed) <= which + 10_000 {
            break;
        }
        sites += 1;
    }
    assert!(sites > 20, "only {sites} writes were tried");
    println!("{sites} writes, each with its answer lost once");
}
