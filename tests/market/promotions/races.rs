//! A thousand at once: no limit is passed, and everybody has their answer within seconds.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use souk_cloud::{AwsError, CallInfo, Fault, Faults, Refusal};
use tokio::time::Instant;

use super::{claims::*, *};

/// How long a transaction holds what it writes.
const HELD: Duration = Duration::from_millis(2);

/// Transactions that meet on a partition, as DynamoDB has it: the one that is there goes on, the other one is canceled.
#[derive(Default)]
struct Contention(Mutex<HashMap<(String, String), Instant>>);

impl Faults for Contention {
    fn before(&self, call: &CallInfo) -> Option<Fault> {
        if call.operation != "TransactWriteItems" {
            return None;
        }
        let (mut held, now) = (self.0.lock().unwrap(), Instant::now());
        if call.keys.iter().any(|key| held.get(key).is_some_and(|until| now < *until)) {
            let reasons =
                call.keys.iter().map(|_| json!({"Code": "TransactionConflict", "Message": "conflict"}));
            let error = AwsError::new("TransactionCanceledException", "Transaction cancelled");
            let refusal = Refusal::from(error).with_member("CancellationReasons", reasons.collect());
            return Some(Fault::Refuse(refusal));
        }
        held.extend(call.keys.iter().map(|key| (key.clone(), now + HELD)));
        Some(Fault::Delay(HELD))
    }
}

async fn contended() -> TestMarket {
    TestMarket::open(|options| options.faults = Some(Arc::new(Contention::default()))).await
}

/// So many shoppers who saw the same price take it at once: how many got it, and what the others were told.
async fn all_take(market: &TestMarket, shoppers: u128, codes: &[&str]) -> (usize, Vec<String>) {
    let evaluation = evaluated(market, codes, guest(0)).await;
    let began = Instant::now();
    let all = (1..=shoppers).map(|n| take(market, n, &evaluation, guest(n)));
    let ends = join_all(all).await;
    assert!(began.elapsed() < Duration::from_secs(6), "it took {:?}", began.elapsed());
    let mut told: Vec<String> = ends.iter().filter_map(|end| end.clone().err()).collect();
    told.sort();
    told.dedup();
    (ends.iter().filter(|end| end.is_ok()).count(), told)
}

#[tokio::test(start_paused = true)]
async fn a_single_use_code_is_used_once() {
    let market = contended().await;
    let staff = market.staff().0;
    let path = create(&staff, by_codes("Letters")).await.expect(201).header("location").to_owned();
    make(&staff, &path, json!({"codes": ["ONCE"]}), "codes").await.expect(201);
    let (got, told) = all_take(&market, 1000, &["ONCE"]).await;
    assert_eq!(got, 1);
    assert_eq!(told, ["promotion_used_up The code ONCE is used up. Check out again without it."]);
    assert_eq!(
        usage(&staff, &path).await,
        json!({"used": 1, "spent": [{"amount": 1000, "currency": "EUR"}]})
    );
    assert_eq!(market.state_items("promotion_claims").await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_budget_is_spent_to_the_cent_and_no_further() {
    let market = contended().await;
    let staff = market.staff().0;
    // 10 € off each: enough for a hundred of them, and 9.99 € that are too little for another one.
    let budget = json!({"limits": {"budgets": [{"amount": 100_999, "currency": "EUR"}]}});
    let path = create(&staff, percent("Campaign", budget)).await.expect(201).header("location").to_owned();
    let (got, told) = all_take(&market, 1000, &[]).await;
    assert_eq!(got, 100);
    assert_eq!(told, ["promotion_used_up The promotion Campaign is used up. Check out again without it."]);
    let spent = json!([{"amount": 100_000, "currency": "EUR"}]);
    assert_eq!(usage(&staff, &path).await, json!({"used": 100, "spent": spent}));
    // The next cart is priced without it.
    assert!(evaluated(&market, &[], guest(1)).await.items[0].is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_promotion_without_limits_keeps_nobody_waiting() {
    let market = contended().await;
    let staff = market.staff().0;
    let path = create(&staff, percent("Open", json!({}))).await.expect(201).header("location").to_owned();
    let (got, told) = all_take(&market, 300, &[]).await;
    assert_eq!((got, told.len()), (300, 0));
    let spent = json!([{"amount": 300_000, "currency": "EUR"}]);
    assert_eq!(usage(&staff, &path).await, json!({"used": 300, "spent": spent}));
}
