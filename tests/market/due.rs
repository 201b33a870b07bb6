//! No order is forgotten: its summary says when to look at it, while it has something to do.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use souk_cloud::{AwsError, CallInfo, Fault, Faults};
use souk_local::engine::Happening;
use souk_tests::{TestMarket, until};

/// What is out of order, switch by switch.
#[derive(Default)]
struct Trouble {
    /// Nothing is published: no event wakes the saga.
    topic: AtomicBool,
    /// The saga can do nothing.
    saga: AtomicBool,
    /// No summary can be written by who follows orders.
    summaries: AtomicBool,
    /// A nudge takes its time.
    nudges: AtomicBool,
}

impl Faults for Trouble {
    fn before(&self, call: &CallInfo) -> Option<Fault> {
        let on = |switch: &AtomicBool| switch.load(Ordering::Relaxed);
        let caller = |name: &str| call.caller == name;
        if caller("sweep") && call.service == "sqs" && on(&self.nudges) {
            return Some(Fault::Delay(Duration::from_secs(9)));
        }
        let of_summary =
            call.operation == "PutItem" && call.keys.iter().any(|(_, key)| key.ends_with("/orders"));
        let fails = (call.service == "sns" && on(&self.topic))
            || (caller("advance-orders") && call.service == "dynamodb" && on(&self.saga))
            || (caller("follow-orders") && of_summary && on(&self.summaries));
        fails.then(|| Fault::Refuse(AwsError::new("ValidationException", "out of order").into()))
    }
}

fn turn(switch: &AtomicBool, on: bool) {
    switch.store(on, Ordering::Relaxed);
}

async fn market() -> (TestMarket, Arc<Trouble>) {
    let trouble = Arc::new(Trouble::default());
    let market = TestMarket::open(|options| options.faults = Some(trouble.clone())).await;
    market.staff().sell("MUG", 1250, 9).await;
    (market, trouble)
}

/// Every summary of the only order, in its store's list and in its customer's.
async fn summaries(market: &TestMarket) -> Vec<Value> {
    market.state_items("order-summary").await
}

/// When the only order is to be looked at.
async fn due(market: &TestMarket) -> Option<Timestamp> {
    let (mut of_store, _): (Vec<_>, Vec<_>) =
        summaries(market).await.into_iter().partition(|one| one["pk"].as_str().unwrap().ends_with("/orders"));
    let summary = of_store.pop()?;
    assert_eq!(summary["due_at"].is_string(), summary["due_shard"].is_string(), "{summary}");
    assert_eq!(summary["due_at"].is_string(), summary["pace"].is_object(), "{summary}");
    summary["due_at"].as_str().map(|text| text.parse().unwrap())
}

/// When the sweeper nudged.
fn nudges(market: &TestMarket) -> usize {
    let nudge = |one: &&Happening| matches!(one, Happening::Call(call) if call.caller == "sweep" && call.operation == "SendMessage");
    market.happenings().iter().filter(nudge).count()
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_paid_at_once_is_never_due() {
    let (market, _) = market().await;
    let shopper = market.shopper();
    let cart = shopper.cart("MUG", 1).await;
    shopper.check_out_and_wait(&cart, "pm_card_visa", 20).await.expect(202);
    for _ in 0..30 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(due(&market).await, None);
    }
    assert_eq!(summaries(&market).await.len(), 1);
    assert_eq!(nudges(&market), 0);
}

#[tokio::test(start_paused = true)]
async fn a_customers_own_list_says_nothing_of_it() {
    let (market, _) = market().await;
    let cart = market.shopper().cart("MUG", 1).await;
    let (customer, id) = (market.customer(7), cart.trim_start_matches("/v1/carts/").to_owned());
    let pay = json!({"payment_method": "pm_card_threeDSecure2Required"});
    customer.call("POST /v1/carts/{id}/checkout", &id, pay).await.expect(202);
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert!(due(&market).await.is_some(), "its shopper has to prove who they are");
    let (store, own): (Vec<_>, Vec<_>) = summaries(&market)
        .await
        .into_iter()
        .partition(|one| one["pk"].as_str().unwrap().ends_with("/orders"));
    assert_eq!((store.len(), own.len()), (1, 1));
    assert!(own[0]["due_at"].is_null() && own[0]["due_shard"].is_null(), "{}", own[0]);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_nothing_moves_is_looked_at_ever_less_often() {
    let (market, trouble) = market().await;
    turn(&trouble.topic, true);
    turn(&trouble.saga, true);
    let order = market.shopper().buy("MUG", 1, "pm_card_visa").await;
    let placed = market.clock().now();
    tokio::time::sleep(Duration::from_secs(8)).await;
    let first = due(&market).await.unwrap().duration_since(placed).as_secs();
    assert!((59..=60).contains(&first), "{first}");
    // While the provider may have the money, every minute; then ever less often.
    tokio::time::sleep(Duration::from_secs(30 * 60)).await;
    let early = nudges(&market);
    assert!((14..=30).contains(&early), "{early} in half an hour");
    tokio::time::sleep(Duration::from_secs(120 * 60)).await;
    let late = nudges(&market) - early;
    assert!((10..=60).contains(&late), "{late} in two hours");

    turn(&trouble.saga, false);
    until(&market.shopper().0, &order, |order| order["payment"]["status"] == "captured").await;
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(due(&market).await, None, "what has settled is not due");
}

#[tokio::test(start_paused = true)]
async fn a_look_that_was_put_off_does_not_put_off_what_came_meanwhile() {
    let (market, trouble) = market().await;
    let shopper = market.shopper();
    let order = shopper.buy("MUG", 1, "pm_card_threeDSecure2Required").await;
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert!(due(&market).await.is_some());
    // The sweeper has seen that it is overdue, and its nudge is on its way as the order ends.
    turn(&trouble.nudges, true);
    let looks = |one: &Happening| matches!(one, Happening::Call(call) if call.caller == "sweep" && call.operation == "GetItem");
    while !market.happenings().iter().any(looks) {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    market.staff().0.post(&format!("{order}/cancel"), json!({})).await.expect(202);
    until(&shopper.0, &order, |order| order["status"] == "canceled").await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert!(nudges(&market) > 0);
    assert_eq!(due(&market).await, None, "its summary is of what it was");
}

#[tokio::test(start_paused = true)]
async fn an_order_is_found_where_its_summary_came_by_the_queue() {
    let (market, trouble) = market().await;
    turn(&trouble.topic, true);
    turn(&trouble.summaries, true);
    let (shopper, placed) = (market.shopper(), market.clock().now());
    let order = shopper.buy("MUG", 1, "pm_card_visa").await;
    until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
    let minutes = market.clock().now().duration_since(placed).as_secs() / 60;
    assert!(minutes <= 3, "settled after {minutes} minutes: within three sweeps");
    market.market.settled().await;
    assert_eq!(due(&market).await, None);
}

#[tokio::test(start_paused = true)]
async fn lists_that_are_made_anew_know_what_is_due() {
    let (market, _) = market().await;
    let order = market.shopper().buy("MUG", 1, "pm_card_threeDSecure2Required").await;
    market.market.settled().await;
    tokio::time::sleep(Duration::from_secs(200)).await;
    let put_off = due(&market).await.unwrap();
    let id = order.trim_start_matches("/v1/orders/").parse().unwrap();
    let list_anew = async || souk::order::project(&market.app(), market.tenant(), id).await.unwrap();
    // Told again, it stays as it was put off.
    list_anew().await;
    assert_eq!(due(&market).await, Some(put_off));
    let lost = summaries(&market).await;
    for summary in &lost {
        let key = json!({"pk": {"S": summary["pk"]}, "sk": {"S": summary["sk"]}});
        market.dynamodb("DeleteItem", json!({"TableName": market.table("-state"), "Key": key})).await;
    }
    list_anew().await;
    assert_eq!(summaries(&market).await.len(), lost.len());
    assert!(due(&market).await.is_some());
    // Nobody proves who they are: it ends half an hour after it was placed.
    market.leap(SignedDuration::from_mins(31));
    until(&market.shopper().0, &order, |order| order["status"] == "canceled").await;
}
