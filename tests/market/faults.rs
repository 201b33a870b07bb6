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
    ["advance-orders", "relay-events", "project-orders", "send-notifications"].contains(&call.caller.as_str())
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
        let counted = faults.count.lock().unwrap().clone();
        assert!(counted["throttled"] > 5 && counted["lost"] > 5, "a good day proves nothing: {counted:?}");
    }
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
