//! Somebody who may write to the tables changes the audit log behind everybody's back. It is found out.

use std::time::Duration;

use serde_json::{Value, json};
use souk_tests::TestMarket;

use crate::audit::{busy_store, export, verified};

/// The key of an entry of the store's chain.
fn key(market: &TestMarket, seq: u64) -> Value {
    json!({"pk": {"S": format!("{}/test/audit", market.store)}, "sk": {"S": format!("{seq:010}")}})
}

async fn read(market: &TestMarket, seq: u64) -> Value {
    let table = market.table("-events");
    market.dynamodb("GetItem", json!({"TableName": table, "Key": key(market, seq)})).await["Item"].clone()
}

async fn put(market: &TestMarket, seq: u64, mut item: Value) {
    item["sk"] = json!({"S": format!("{seq:010}")});
    market.dynamodb("PutItem", json!({"TableName": market.table("-events"), "Item": item})).await;
}

async fn delete(market: &TestMarket, seq: u64) {
    let table = market.table("-events");
    market.dynamodb("DeleteItem", json!({"TableName": table, "Key": key(market, seq)})).await;
}

/// What the deployment finds.
async fn found(market: &TestMarket) -> Value {
    market.invoke("verify-audit", json!({"store": market.store, "mode": "test"})).await.unwrap()
}

/// Where the deployment, and the command line in an export, find the chain broken.
async fn broken_at(market: &TestMarket, seq: u64, fault: Value) {
    let broken = found(market).await["broken"].clone();
    assert_eq!((&broken["seq"], &broken["fault"]), (&json!(seq), &fault), "{broken}");
    let said = verified(&export(&market.staff().0).await).unwrap_err();
    assert!(said.starts_with(&format!("entry {seq} (aud_")), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_whole_log_is_whole() {
    let market = busy_store().await;
    let whole = found(&market).await["whole"].clone();
    assert_eq!((&whole["entries"], &whole["head"]["seq"]), (&json!(7), &json!(7)), "{whole}");
    assert!(market.invoke("verify-audit", json!({"store": market.store})).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn an_edited_entry_is_named() {
    let market = busy_store().await;
    let mut item = read(&market, 4).await;
    item["actor"] = json!({"S": "system"});
    put(&market, 4, item).await;
    broken_at(&market, 4, json!("altered")).await;
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_is_none_any_more_is_named() {
    let market = busy_store().await;
    let mut item = read(&market, 4).await;
    item["action"] = json!({"S": "nothing.happened"});
    put(&market, 4, item).await;
    let broken = found(&market).await["broken"].clone();
    assert_eq!((&broken["seq"], &broken["fault"]), (&json!(4), &json!("unreadable")));
}

#[tokio::test(start_paused = true)]
async fn a_deleted_entry_is_named() {
    let market = busy_store().await;
    delete(&market, 3).await;
    broken_at(&market, 3, json!({"out_of_place": {"found": 4}})).await;
}

#[tokio::test(start_paused = true)]
async fn entries_that_changed_places_are_named() {
    let market = busy_store().await;
    let (third, fifth) = (read(&market, 3).await, read(&market, 5).await);
    put(&market, 3, fifth).await;
    put(&market, 5, third).await;
    broken_at(&market, 3, json!({"out_of_place": {"found": 5}})).await;
}

#[tokio::test(start_paused = true)]
async fn an_entry_of_another_store_is_named() {
    let market = busy_store().await;
    let (other, ..) = market.another_store().await;
    market.market.settled().await;
    let key = json!({"pk": {"S": format!("{other}/test/audit")}, "sk": {"S": "0000000001"}});
    let foreign = market.dynamodb("GetItem", json!({"TableName": market.table("-events"), "Key": key})).await;
    let mut foreign = foreign["Item"].clone();
    foreign["pk"] = read(&market, 2).await["pk"].clone();
    put(&market, 2, foreign).await;
    broken_at(&market, 2, json!("foreign")).await;
}

/// The end of a chain can be cut without a trace in it. An anchor knows better.
#[tokio::test(start_paused = true)]
async fn a_cut_log_is_found_by_its_anchor() {
    let market = busy_store().await;
    let known = export(&market.staff().0).await;
    delete(&market, 7).await;
    assert_eq!(found(&market).await["whole"]["entries"], 6, "nothing tells while nothing is anchored");
    put(&market, 7, restored(&market, &known[6])).await;
    market.invoke("anchor-audit", json!({})).await.unwrap();
    assert_eq!(found(&market).await["whole"]["known"], 1);

    delete(&market, 7).await;
    let broken = found(&market).await["broken"].clone();
    assert_eq!((&broken["seq"], &broken["fault"]), (&json!(7), &json!("missing")));
    // New entries do not cover it up.
    market.staff().receive("MUG", "berlin", 1).await.expect(201);
    market.market.settled().await;
    let broken = found(&market).await["broken"].clone();
    assert_eq!((&broken["seq"], &broken["fault"]), (&json!(7), &json!("rewritten")));
    let told = market.invoke("anchor-audit", json!({})).await.unwrap_err();
    assert!(told.contains(&market.store) && told.contains("entry 7"), "{told}");
    assert_eq!(market.items("-anchors", "anchor").await.len(), 2, "a broken log is not anchored anew");
}

/// An item as the chain has it, from an entry of an export.
fn restored(market: &TestMarket, entry: &Value) -> Value {
    let mut item = json!({"pk": {"S": format!("{}/test/audit", market.store)}, "kind": {"S": "audit-entry"}});
    for (name, value) in entry.as_object().unwrap() {
        let typed = value.as_str().map(|text| json!({"S": text}));
        item[name] = typed.unwrap_or_else(|| json!({"N": value.to_string()}));
    }
    item
}

#[tokio::test(start_paused = true)]
async fn logs_are_anchored_every_hour_and_only_where_they_grew() {
    let market = busy_store().await;
    tokio::time::sleep(Duration::from_secs(61 * 60)).await;
    market.market.settled().await;
    let anchors = async || {
        let mut places: Vec<_> = market
            .items("-anchors", "anchor")
            .await
            .iter()
            .map(|anchor| anchor["seq"].as_u64().unwrap())
            .collect();
        places.sort_unstable();
        places
    };
    assert_eq!(anchors().await, [1, 7], "live and test mode");
    tokio::time::sleep(Duration::from_secs(61 * 60)).await;
    assert_eq!(anchors().await, [1, 7]);
    market.staff().receive("MUG", "berlin", 1).await.expect(201);
    tokio::time::sleep(Duration::from_secs(61 * 60)).await;
    market.market.settled().await;
    assert_eq!(anchors().await, [1, 7, 8]);
    assert_eq!(found(&market).await["whole"]["known"], 2);
}
