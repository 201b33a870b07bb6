//! The limit of a partition key: 1,000 write and 3,000 read units a second, where it is switched on.

use std::time::Duration;

use aws_sdk_dynamodb::{
    Client,
    error::ProvideErrorMetadata,
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, KeysAndAttributes, Put, PutRequest, TransactWriteItem, WriteRequest},
};

use crate::support::{TABLE, cloud, dynamodb, n, owner, s, table};

/// An item's attribute that makes a write of it cost ten units: few calls use up much.
fn ten() -> AttributeValue {
    s("x".repeat(9_900))
}

/// Writes until it is throttled; how many units that took.
async fn exhaust(client: &Client, pk: &str) -> usize {
    for written in 0..1_000 {
        let put = client.put_item().table_name(TABLE).item("pk", s(pk)).item("sk", s("1")).item("ten", ten());
        if let Err(error) = put.send().await {
            let error = error.into_service_error();
            assert_eq!(error.code(), Some("ThrottlingException"));
            return 10 * written;
        }
    }
    panic!("never throttled")
}

fn throttled() -> (std::sync::Arc<souk_cloud::Cloud>, Client) {
    let cloud = cloud();
    table(&cloud, "NEW_IMAGE");
    cloud.dynamodb.limit_partitions(true);
    let client = dynamodb(&cloud, owner());
    (cloud, client)
}

#[tokio::test(start_paused = true)]
async fn a_key_takes_a_thousand_writes_a_second() {
    let (_cloud, client) = throttled();
    assert_eq!(exhaust(&client, "hot").await, 1_000);
    assert_eq!(exhaust(&client, "another").await, 1_000, "each key has its own");
    tokio::time::advance(Duration::from_millis(250)).await;
    assert_eq!(exhaust(&client, "hot").await, 250);
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(exhaust(&client, "hot").await, 1_000, "what is not used is not saved up");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_limited_unless_it_is_asked_for() {
    let (cloud, client) = throttled();
    cloud.dynamodb.limit_partitions(false);
    for _ in 0..150 {
        let put =
            client.put_item().table_name(TABLE).item("pk", s("hot")).item("sk", s("1")).item("ten", ten());
        put.send().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_transaction_costs_double_and_says_which_element_was_throttled() {
    let (_cloud, client) = throttled();
    let transaction = |number: i64| {
        let put = |pk: &str| {
            let put =
                Put::builder().table_name(TABLE).item("pk", s(pk)).item("sk", s("1")).item("ten", ten());
            TransactWriteItem::builder().put(put.build().unwrap()).build()
        };
        // The second element's key is another each time, so only the first one is ever hot.
        client
            .transact_write_items()
            .transact_items(put("hot"))
            .transact_items(put(&format!("cold-{number}")))
    };
    for number in 0..50 {
        transaction(number).send().await.unwrap();
    }
    let refused = transaction(50).send().await.unwrap_err().into_service_error();
    let TransactWriteItemsError::TransactionCanceledException(canceled) = &refused else {
        panic!("{refused:?}")
    };
    let codes = canceled.cancellation_reasons().iter().map(|reason| reason.code().unwrap());
    assert_eq!(codes.collect::<Vec<_>>(), ["ThrottlingError", "None"]);
    let untouched = client.get_item().table_name(TABLE).key("pk", s("cold-50")).key("sk", s("1"));
    assert!(untouched.send().await.unwrap().item.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_failed_condition_uses_up_the_partition_too() {
    let (_cloud, client) = throttled();
    let put =
        || client.put_item().table_name(TABLE).item("pk", s("hot")).item("sk", s("1")).item("ten", ten());
    for _ in 0..99 {
        put().send().await.unwrap();
    }
    for _ in 0..10 {
        let refused = put().condition_expression("attribute_not_exists(pk)").send().await.unwrap_err();
        assert!(refused.into_service_error().is_conditional_check_failed_exception());
    }
    let refused = put().send().await.unwrap_err().into_service_error();
    assert_eq!(refused.code(), Some("ThrottlingException"));
}

#[tokio::test(start_paused = true)]
async fn a_batch_does_what_it_can_and_hands_back_the_rest() {
    let (_cloud, client) = throttled();
    exhaust(&client, "hot").await;
    let write = |pk: &str| {
        let put = PutRequest::builder().item("pk", s(pk)).item("sk", s("2")).item("v", n(1)).build().unwrap();
        WriteRequest::builder().put_request(put).build()
    };
    let batch = vec![write("hot"), write("cold")];
    let answer = client.batch_write_item().request_items(TABLE, batch).send().await.unwrap();
    assert_eq!(answer.unprocessed_items().unwrap()[TABLE], vec![write("hot")]);
    let refused =
        client.batch_write_item().request_items(TABLE, vec![write("hot")]).send().await.unwrap_err();
    assert_eq!(refused.into_service_error().code(), Some("ThrottlingException"));
}

#[tokio::test(start_paused = true)]
async fn reads_have_a_limit_of_their_own() {
    let (_cloud, client) = throttled();
    let large = client.put_item().table_name(TABLE).item("pk", s("hot")).item("sk", s("2"));
    large.item("forty", s("x".repeat(40_000))).send().await.unwrap();
    exhaust(&client, "hot").await;
    let read = |pk: &str| {
        client.get_item().table_name(TABLE).key("pk", s(pk)).key("sk", s("2")).consistent_read(true)
    };
    for _ in 0..300 {
        read("hot").send().await.unwrap();
    }
    assert_eq!(
        read("hot").send().await.unwrap_err().into_service_error().code(),
        Some("ThrottlingException")
    );
    let keys = ["hot", "cold"].map(|pk| [("pk".to_owned(), s(pk)), ("sk".to_owned(), s("1"))].into());
    let wanted = KeysAndAttributes::builder().set_keys(Some(keys.to_vec())).build().unwrap();
    let answer = client.batch_get_item().request_items(TABLE, wanted).send().await.unwrap();
    assert_eq!(answer.unprocessed_keys().unwrap()[TABLE].keys(), &keys[..1]);
}
