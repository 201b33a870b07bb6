//! DynamoDB: what our adapter adds to, or keeps from, the database inside.

use std::time::Duration;

use aws_sdk_dynamodb::{
    Client,
    operation::transact_write_items::{TransactWriteItemsError, TransactWriteItemsOutput},
    types::{AttributeValue, TransactWriteItem, Update},
};
use serde_json::json;

use crate::support::{TABLE, TABLE_ARN, cloud, declared, dynamodb, n, owner, put, s, table};

/// Adds `amount` to the attribute `v` of an item, in a transaction with a token.
async fn add(
    client: &Client,
    token: &str,
    amount: i64,
) -> Result<TransactWriteItemsOutput, TransactWriteItemsError> {
    let update = Update::builder()
        .table_name(TABLE)
        .key("pk", s("a"))
        .key("sk", s("1"))
        .update_expression("ADD v :amount")
        .expression_attribute_values(":amount", n(amount))
        .build()
        .unwrap();
    let element = TransactWriteItem::builder().update(update).build();
    let transaction = client.transact_write_items().transact_items(element).client_request_token(token);
    transaction.send().await.map_err(aws_sdk_dynamodb::error::SdkError::into_service_error)
}

async fn value(client: &Client) -> AttributeValue {
    let got = client.get_item().table_name(TABLE).key("pk", s("a")).key("sk", s("1")).send().await.unwrap();
    got.item.unwrap()["v"].clone()
}

#[tokio::test(start_paused = true)]
async fn a_client_of_the_sdk_writes_and_reads() {
    let cloud = cloud();
    table(&cloud, "NEW_IMAGE");
    let client = dynamodb(&cloud, owner());
    put(&client, "a", "1", 7).await;
    assert_eq!(value(&client).await, n(7));
    let by_arn =
        client.get_item().table_name(TABLE_ARN).key("pk", s("a")).key("sk", s("1")).send().await.unwrap();
    assert!(by_arn.item.is_some(), "a table may be named by its ARN");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_works_on_threads_too() {
    let cloud = cloud();
    table(&cloud, "NEW_IMAGE");
    let client = dynamodb(&cloud, owner());
    let writes = (0..20).map(|number| {
        let client = client.clone();
        tokio::spawn(async move { put(&client, "a", &number.to_string(), number).await })
    });
    for write in writes.collect::<Vec<_>>() {
        write.await.unwrap();
    }
    assert_eq!(cloud.dynamodb.stream_records(TABLE, None, 100).len(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_transaction_sent_twice_with_one_token_is_done_once() {
    let cloud = cloud();
    table(&cloud, "NEW_IMAGE");
    let client = dynamodb(&cloud, owner());
    add(&client, "token", 1).await.unwrap();
    add(&client, "token", 1).await.unwrap();
    assert_eq!(value(&client).await, n(1));

    let other = add(&client, "token", 2).await.unwrap_err();
    assert!(other.is_idempotent_parameter_mismatch_exception(), "{other:?}");
    add(&client, "another", 1).await.unwrap();
    assert_eq!(value(&client).await, n(2));

    tokio::time::advance(Duration::from_secs(9 * 60 + 59)).await;
    add(&client, "token", 1).await.unwrap();
    assert_eq!(value(&client).await, n(2), "within ten minutes");
    tokio::time::advance(Duration::from_secs(1)).await;
    add(&client, "token", 1).await.unwrap();
    assert_eq!(value(&client).await, n(3), "after ten minutes it is another transaction");
}

#[tokio::test(start_paused = true)]
async fn a_table_keeps_its_items_and_gains_what_its_declaration_gained() {
    let cloud = cloud();
    let mut first = declared("NEW_IMAGE");
    first.as_object_mut().unwrap().retain(|name, _| {
        !["GlobalSecondaryIndexes", "StreamSpecification", "TimeToLiveSpecification"].contains(&name.as_str())
    });
    first["AttributeDefinitions"].as_array_mut().unwrap().pop();
    cloud.dynamodb.ensure_table(&first).unwrap();
    let client = dynamodb(&cloud, owner());
    let item =
        client.put_item().table_name(TABLE).item("pk", s("a")).item("sk", s("1")).item("owner", s("o"));
    item.send().await.unwrap();

    for _ in 0..2 {
        table(&cloud, "NEW_IMAGE");
        let query = client
            .query()
            .table_name(TABLE)
            .index_name("by-owner")
            .key_condition_expression("#o = :o")
            .expression_attribute_names("#o", "owner")
            .expression_attribute_values(":o", s("o"));
        assert_eq!(query.send().await.unwrap().count(), 1, "the new index knows the old item");
    }
    put(&client, "b", "1", 0).await;
    assert_eq!(cloud.dynamodb.stream_records(TABLE, None, 10).len(), 1);
    let ttl = client.describe_time_to_live().table_name(TABLE).send().await.unwrap();
    assert_eq!(ttl.time_to_live_description().unwrap().attribute_name(), Some("expires"));

    let mut rekeyed = declared("NEW_IMAGE");
    rekeyed["KeySchema"] = json!([{"AttributeName": "pk", "KeyType": "HASH"}]);
    assert!(cloud.dynamodb.ensure_table(&rekeyed).is_err(), "another key is another table");
}

#[tokio::test(start_paused = true)]
async fn a_table_is_described_in_its_place() {
    let cloud = cloud();
    table(&cloud, "NEW_IMAGE");
    let described = dynamodb(&cloud, owner()).describe_table().table_name(TABLE).send().await.unwrap();
    let described = described.table().unwrap();
    assert_eq!(described.table_arn(), Some(TABLE_ARN));
    let stream = described.latest_stream_arn().unwrap();
    assert!(stream.starts_with(&format!("{TABLE_ARN}/stream/")), "{stream}");
    let view = described.stream_specification().unwrap().stream_view_type().unwrap();
    assert_eq!(view.as_str(), "NEW_IMAGE", "the view is the declared one");
}
