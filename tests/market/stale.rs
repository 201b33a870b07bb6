//! Workers read what may be a moment old. Whatever they miss of it, they do what they were told to.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use serde_json::{Value, json};
use souk_cloud::{AwsError, CallInfo, Fault, Faults, Instead};
use souk_tests::{TestMarket, until};

/// What is missing of an order's commits where they are not read strongly.
#[derive(Clone, Copy, Debug)]
enum Missing {
    All,
    Last,
    /// One in the middle, which no replica that knows the last one lacks; nothing may rest on that.
    Second,
}

/// The workers that read an order as it was a moment ago.
const WORKERS: [&str; 3] = ["post-ledger", "issue-invoices", "send-notifications"];

struct Stale {
    missing: Mutex<Missing>,
    met: AtomicU64,
}

impl Faults for Stale {
    /// What follows orders can't read them: what is left of it is done by its workers.
    fn before(&self, call: &CallInfo) -> Option<Fault> {
        let fails = call.caller == "follow-orders" && call.service == "dynamodb";
        fails.then(|| Fault::Refuse(AwsError::new("ValidationException", "not today").into()))
    }

    fn request(&self, caller: &str, service: &str, operation: &str, body: &Bytes) -> Option<Instead> {
        if service != "dynamodb" || operation != "Query" || !WORKERS.contains(&caller) {
            return None;
        }
        let asked: Value = serde_json::from_slice(body).unwrap();
        let pk = asked["ExpressionAttributeValues"][":pk"]["S"].as_str().unwrap_or_default();
        if asked["ConsistentRead"] == true || !pk.contains("/order/ord_") {
            return None;
        }
        let missing = *self.missing.lock().unwrap();
        self.met.fetch_add(1, Ordering::Relaxed);
        let answer = move |answer: Bytes| {
            let mut answer: Value = serde_json::from_slice(&answer).unwrap();
            let items = answer["Items"].as_array_mut().unwrap();
            match missing {
                Missing::All => items.clear(),
                Missing::Last => drop(items.pop()),
                Missing::Second => drop(items.remove(1)),
            }
            answer["Count"] = items.len().into();
            answer.to_string().into()
        };
        Some(Instead::Ask { body: body.clone(), answer: Box::new(answer) })
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_worker_does_not_see_yet_it_reads_again() {
    let stale = Arc::new(Stale { missing: Mutex::new(Missing::All), met: AtomicU64::new(0) });
    let faults = Arc::clone(&stale);
    let market = TestMarket::open(|options| options.faults = Some(faults)).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    staff.sell("MUG", 1250, 9).await;
    let mut numbers = Vec::new();
    for missing in [Missing::All, Missing::Last, Missing::Second] {
        *stale.missing.lock().unwrap() = missing;
        let met = stale.met.load(Ordering::Relaxed);
        let order = shopper.buy("MUG", 1, "pm_card_visa").await;
        until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
        market.market.settled().await;
        let id = order.trim_start_matches("/v1/orders/");
        let entries = staff.0.get(&format!("/v1/ledger/entries?order={id}")).await.expect(200);
        assert_eq!(entries.json["data"].as_array().unwrap().len(), 1, "{missing:?}");
        assert_eq!(entries.json["data"][0]["type"], "order.payment_captured");
        numbers.push(staff.0.get(&format!("{order}/invoice")).await.expect(200).json["number"].clone());
        // Once each: not by way of an error and another delivery.
        assert_eq!(stale.met.load(Ordering::Relaxed) - met, 3, "{missing:?}");
    }
    assert_eq!(json!(numbers), json!([1, 2, 3]));
    assert_eq!(market.market.cloud().ses.messages().len(), 3);
}

/// Shelves look empty to the checkout where it does not read strongly.
struct EmptyShelves(AtomicU64);

impl Faults for EmptyShelves {
    fn request(&self, caller: &str, service: &str, operation: &str, body: &Bytes) -> Option<Instead> {
        if (caller, service, operation) != ("checkout", "dynamodb", "BatchGetItem") {
            return None;
        }
        let asked: Value = serde_json::from_slice(body).unwrap();
        let (table, asked) = asked["RequestItems"].as_object().unwrap().iter().next().unwrap();
        let about_stock = asked["Keys"][0]["pk"]["S"].as_str().unwrap().contains("/stock/");
        if asked["ConsistentRead"] == true || !about_stock {
            return None;
        }
        self.0.fetch_add(1, Ordering::Relaxed);
        let nothing = json!({"Responses": {(table.as_str()): []}, "UnprocessedKeys": {}});
        Some(Instead::Answer(nothing.to_string().into()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_shelf_that_looks_empty_is_looked_at_again_before_a_refusal() {
    let shelves = Arc::new(EmptyShelves(AtomicU64::new(0)));
    let faults = Arc::clone(&shelves);
    let market = TestMarket::open(|options| options.faults = Some(faults)).await;
    let shopper = market.shopper();
    market.staff().sell("MUG", 1250, 1).await;
    let order = shopper.buy("MUG", 1, "pm_card_visa").await;
    until(&shopper.0, &order, |order| order["status"] == "confirmed").await;
    // Once to spare a refusal, once to take what is there.
    assert_eq!(shelves.0.load(Ordering::Relaxed), 2);
    let path = shopper.cart("MUG", 1).await;
    let late = shopper.check_out(&path, "pm_card_visa").await.expect(409);
    assert_eq!(late.code(), "out_of_stock");
}
