//! What follows from an order: each thing by itself, whatever becomes of the others.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::join_all;
use serde_json::{Value, json};
use souk_cloud::{AwsError, CallInfo, Delivery, Fault, Faults};
use souk_local::engine::{Chaos, Fate};
use souk_tests::{TestMarket, until};

/// While the switch is on, no mail can be sent.
#[derive(Default)]
struct NoMail(AtomicBool);

impl Faults for NoMail {
    fn before(&self, call: &CallInfo) -> Option<Fault> {
        let fails = call.service == "ses" && self.0.load(Ordering::Relaxed);
        fails.then(|| Fault::Refuse(AwsError::new("MessageRejected", "not today").into()))
    }
}

async fn depth(market: &TestMarket, name: &str) -> usize {
    let queues = market.market.stack().queues.values();
    let queue = queues.into_iter().find(|queue| queue.name.ends_with(name)).unwrap();
    let depth = market.market.cloud().sqs.depth(&queue.arn);
    depth.visible + depth.in_flight
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_fails_holds_up_neither_lists_nor_books_nor_documents() {
    let faults = Arc::new(NoMail(AtomicBool::new(true)));
    let market = TestMarket::open(|options| options.faults = Some(faults.clone())).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    staff.sell("MUG", 1250, 9).await;
    let order = shopper.buy("MUG", 1, "pm_card_visa").await;
    until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
    tokio::time::sleep(Duration::from_secs(8)).await;
    let id = order.trim_start_matches("/v1/orders/");
    let listed = staff.0.get("/v1/orders?status=confirmed").await.expect(200);
    assert_eq!(listed.json["data"][0]["id"], id);
    let entries = staff.0.get(&format!("/v1/ledger/entries?order={id}")).await.expect(200);
    assert_eq!(entries.json["data"].as_array().unwrap().len(), 1);
    assert_eq!(staff.0.get(&format!("{order}/invoice")).await.expect(200).json["number"], 1);
    assert!(market.market.cloud().ses.messages().is_empty());
    assert_eq!(depth(&market, "-send-notifications").await, 1, "it waits for the mails' own function");
    faults.0.store(false, Ordering::Relaxed);
    market.market.settled().await;
    assert_eq!(market.market.cloud().ses.messages().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_orders_is_followed_once_each_and_numbered_without_gaps() {
    let market = TestMarket::crowded(40).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    let orders = join_all((0..20).map(|_| shopper.buy("MUG", 1, "pm_card_visa"))).await;
    for order in &orders {
        until(&shopper.0, order, |order| order["payment"]["status"] == "captured").await;
    }
    market.market.settled().await;
    let invoices = join_all(orders.iter().map(|order| {
        let path = format!("{order}/invoice");
        let staff = &staff;
        async move { staff.0.get(&path).await.expect(200).json["number"].as_u64().unwrap() }
    }));
    let mut numbers = invoices.await;
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
    assert_eq!(market.market.cloud().ses.messages().len(), 20);
    let trial = staff.0.get("/v1/ledger/trial-balance").await.expect(200);
    let rows = trial.json["data"].as_array().unwrap();
    let sales = rows.iter().find(|row| row["account"] == "sales").unwrap();
    assert_eq!(sales["credit"], 20 * 1250);
}

/// While it names an order, who follows orders can neither read that one nor leave it to anybody.
#[derive(Default)]
struct OneLost(Mutex<Option<String>>);

impl Faults for OneLost {
    fn before(&self, call: &CallInfo) -> Option<Fault> {
        let lost = self.0.lock().unwrap().clone()?;
        let reads = call.service == "dynamodb" && call.keys.iter().any(|(_, key)| key.ends_with(&lost));
        let fails = call.caller == "follow-orders" && (reads || call.service == "sqs");
        fails.then(|| Fault::Refuse(AwsError::new("ValidationException", "not today").into()))
    }
}

/// The batch comes again, once it can be done, and longer after than a mail may take.
#[tokio::test(start_paused = true)]
async fn a_batch_that_comes_again_sends_no_mail_again() {
    let faults = Arc::new(OneLost::default());
    let market = TestMarket::open(|options| options.faults = Some(faults.clone())).await;
    market.staff().sell("MUG", 1250, 9).await;
    market.market.settled().await;
    let shopper = market.shopper();
    let lost = shopper.buy("MUG", 1, "pm_card_visa").await;
    *faults.0.lock().unwrap() = Some(lost.trim_start_matches("/v1/orders/").to_owned());
    let others = [shopper.buy("MUG", 1, "pm_card_visa").await, shopper.buy("MUG", 1, "pm_card_visa").await];
    for order in others.iter().chain([&lost]) {
        until(&shopper.0, order, |order| order["payment"]["status"] == "captured").await;
    }
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert_eq!(market.market.cloud().ses.messages().len(), 2, "of the others in its batch");
    *faults.0.lock().unwrap() = None;
    market.market.settled().await;
    tokio::time::sleep(Duration::from_secs(15 * 60)).await;
    assert_eq!(market.market.cloud().ses.messages().len(), 3);
    let sent = market.state_items("mail").await.into_iter().filter(|mark| mark["sent"] == true).count();
    assert_eq!(sent, 2, "of the batch that went well, none need be marked");
    assert_eq!(depth(&market, "-send-notifications").await, 0);
}

/// The first mail can't be sent, and the first request to take its mark away is done ten seconds late.
#[derive(Default)]
struct LetGoLate {
    refused: AtomicBool,
    late: AtomicBool,
}

impl Faults for LetGoLate {
    fn before(&self, call: &CallInfo) -> Option<Fault> {
        if call.service == "ses" && !self.refused.swap(true, Ordering::Relaxed) {
            return Some(Fault::Refuse(AwsError::new("MessageRejected", "not today").into()));
        }
        let lets_go =
            call.operation == "DeleteItem" && call.keys.iter().any(|(_, key)| key.contains("/mail/"));
        (lets_go && !self.late.swap(true, Ordering::Relaxed)).then_some(Fault::Late(Duration::from_secs(10)))
    }
}

/// Else it would be sent again to whoever is told of it again.
#[tokio::test(start_paused = true)]
async fn that_a_mail_was_sent_is_not_forgotten_where_somebody_lets_go_of_it_late() {
    let faults = Arc::new(LetGoLate::default());
    let market = TestMarket::open(|options| options.faults = Some(faults.clone())).await;
    market.staff().sell("MUG", 1250, 9).await;
    let shopper = market.shopper();
    let order = shopper.buy("MUG", 1, "pm_card_visa").await;
    until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(faults.late.load(Ordering::Relaxed));
    assert_eq!(market.market.cloud().ses.messages().len(), 1);
    let marks = market.state_items("mail").await;
    assert_eq!(marks.iter().map(|mark| mark["sent"] == true).collect::<Vec<_>>(), [true], "{marks:?}");
}

/// Who follows orders dies at its so-manieth wait, once.
struct Dies(u32, AtomicBool);

impl Chaos for Dies {
    fn fate(&self, function: &str) -> Fate {
        let dies = function == "follow-orders" && !self.1.swap(true, Ordering::Relaxed);
        Fate { fresh: false, killed_at: dies.then_some(self.0) }
    }
}

/// Every call takes a moment, in which who waits for it can die.
impl Faults for Dies {
    fn before(&self, _: &CallInfo) -> Option<Fault> {
        Some(Fault::Delay(Duration::from_millis(3)))
    }

    fn after(&self, _: &CallInfo) -> Delivery {
        Delivery::Delay(Duration::from_millis(3))
    }
}

/// Wherever who sends it dies, a mail is sent; and at the most once more.
#[tokio::test(start_paused = true)]
async fn a_mail_whose_sender_dies_is_sent() {
    let mut twice = 0;
    for at in 0..40 {
        let chaos = Arc::new(Dies(at, AtomicBool::new(true)));
        let market = TestMarket::open(|options| {
            options.chaos = Some(chaos.clone());
            options.faults = Some(chaos.clone());
        })
        .await;
        market.staff().sell("MUG", 1250, 9).await;
        market.market.settled().await;
        chaos.1.store(false, Ordering::Relaxed);
        let shopper = market.shopper();
        let order = shopper.buy("MUG", 1, "pm_card_visa").await;
        until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
        tokio::time::sleep(Duration::from_secs(15 * 60)).await;
        let mails = market.market.cloud().ses.messages().len();
        assert!((1..=2).contains(&mails), "{mails} mails, dead at {at}");
        twice += usize::from(mails == 2);
    }
    assert!(twice > 0, "none came between SES's answer and the end");
}

/// While the switch is on, whoever places an order meets another transaction at its stock.
#[derive(Default)]
struct BusyShelf(AtomicBool);

impl Faults for BusyShelf {
    fn before(&self, call: &CallInfo) -> Option<Fault> {
        let place = call.keys.iter().position(|(_, key)| key.contains("/stock/"))?;
        let placing = call.caller == "checkout" && call.operation == "TransactWriteItems";
        if !placing || !self.0.load(Ordering::Relaxed) {
            return None;
        }
        let code = |at| if at == place { "TransactionConflict" } else { "None" };
        let reasons: Vec<Value> = (0..call.keys.len()).map(|at| json!({"Code": code(at)})).collect();
        let refusal =
            souk_cloud::Refusal::from(AwsError::new("TransactionCanceledException", "others are at it"));
        Some(Fault::Refuse(refusal.with_member("CancellationReasons", reasons.into())))
    }
}

async fn reservation(market: &TestMarket, order: &str) -> Value {
    let id = order.trim_start_matches("/v1/orders/");
    let pk = format!("{}/reservation/{id}", market.tenant());
    let key = json!({"pk": {"S": pk}, "sk": {"S": "reservation"}});
    let found = market.dynamodb("GetItem", json!({"TableName": market.table("-state"), "Key": key}));
    found.await["Item"].clone()
}

fn story(order: &Value) -> Vec<&str> {
    let timeline = order["timeline"].as_array().unwrap();
    timeline.iter().map(|entry| entry["type"].as_str().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn an_order_takes_its_stock_as_it_is_placed_or_waits_its_turn() {
    let shelf = Arc::new(BusyShelf::default());
    let market = TestMarket::open(|options| options.faults = Some(shelf.clone())).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    staff.sell("MUG", 1250, 3).await;
    let cart = shopper.cart("MUG", 1).await;
    let placed = shopper.check_out(&cart, "pm_card_visa").await.expect(202);
    assert_eq!(story(&placed.json), ["order.placed", "order.stock_reserved", "order.risk_assessed"]);
    assert_eq!(staff.stock("MUG").await, (3, 1, 2));
    let at_once = placed.header("location").to_owned();

    shelf.0.store(true, Ordering::Relaxed);
    let cart = shopper.cart("MUG", 1).await;
    let placed = shopper.check_out(&cart, "pm_card_visa").await.expect(202);
    assert_eq!(story(&placed.json), ["order.placed"]);
    let later = placed.header("location").to_owned();
    for order in [&at_once, &later] {
        until(&shopper.0, order, |order| order["payment"]["status"] == "captured").await;
    }
    assert_eq!(staff.stock("MUG").await, (3, 2, 1));
    assert_eq!(reservation(&market, &at_once).await, Value::Null, "its own event says what it holds");
    assert_eq!(reservation(&market, &later).await["state"]["S"], "held");

    // Both hold the same, whoever asks: one is sent, the other let go.
    staff.0.post(&format!("{at_once}/fulfillments"), json!({})).await.expect(201);
    staff.0.post(&format!("{later}/cancel"), json!({})).await.expect(202);
    market.market.settled().await;
    assert_eq!(staff.stock("MUG").await, (2, 0, 2));
    assert_eq!(reservation(&market, &at_once).await["revision"]["N"], "1");
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_as_an_order_was_placed_is_let_go_once() {
    let market = TestMarket::crowded(8).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    let orders = join_all((0..4).map(|_| shopper.buy("MUG", 2, "pm_card_visa"))).await;
    // Whoever comes first, the order is sent or canceled, and its stock is moved once.
    let ways = ["fulfillments", "cancel", "cancel"];
    let asked = orders.iter().flat_map(|order| ways.map(|way| format!("{order}/{way}")));
    let staff_at = |path: String| {
        let staff = &staff;
        async move { staff.0.post(&path, json!({})).await }
    };
    join_all(asked.map(staff_at)).await;
    market.market.settled().await;
    let mut sent = 0;
    for order in &orders {
        let shown = shopper.0.get(order).await.expect(200);
        let parcels = shown.json["fulfillments"].as_array().unwrap().len() as u64;
        assert_eq!(u64::from(shown.json["status"] == "canceled") + parcels, 1, "{}", shown.text);
        sent += 2 * parcels;
    }
    assert_eq!(staff.stock("MUG").await, (8 - sent, 0, 8 - sent));
}
