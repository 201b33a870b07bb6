//! What each call costs is always known, and told to those who ask.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use souk_cloud::{Outcome, Units};

use crate::support::{Records, TABLE, TABLE_ARN, dynamodb, n, owner, put, s, table};

#[tokio::test(start_paused = true)]
async fn an_observer_learns_what_a_call_consumed() {
    let records = Records::default();
    let cloud = records.cloud();
    table(&cloud, "NEW_IMAGE");
    let client = dynamodb(&cloud, owner());

    put(&client, "a", "1", 1).await;
    let record = records.last();
    assert_eq!((record.service, record.operation.as_str()), ("dynamodb", "PutItem"));
    assert_eq!(record.resources, [TABLE_ARN]);
    assert_eq!(record.keys, [(TABLE.to_owned(), "a".to_owned())]);
    assert_eq!((record.read_units, record.write_units), (Units::default(), Units::whole(1)));
    assert_eq!((record.outcome, record.caller.as_str()), (Outcome::Done, "test"));
    assert!(record.request_bytes > 50);

    let item =
        client.put_item().table_name(TABLE).item("pk", s("b")).item("sk", s("1")).item("owner", s("o"));
    item.item("text", s("x".repeat(1500))).send().await.unwrap();
    assert_eq!(records.last().write_units, Units::whole(4), "two for the table, two for the index");

    client.get_item().table_name(TABLE).key("pk", s("a")).key("sk", s("1")).send().await.unwrap();
    assert_eq!(records.last().read_units.to_string(), "0.5", "eventually consistent");
    let read = client.get_item().table_name(TABLE).key("pk", s("a")).key("sk", s("1")).consistent_read(true);
    read.send().await.unwrap();
    assert_eq!(records.last().read_units, Units::whole(1));

    let refused = client.put_item().table_name(TABLE).item("pk", s("a")).item("sk", s("1"));
    refused.condition_expression("attribute_not_exists(pk)").send().await.unwrap_err();
    let record = records.last();
    assert_eq!(record.outcome, Outcome::Refused("ConditionalCheckFailedException".to_owned()));
    assert_eq!(record.write_units, Units::whole(1), "a failed condition is billed");
}

#[tokio::test(start_paused = true)]
async fn a_caller_is_told_what_it_asked_for() {
    let records = Records::default();
    let cloud = records.cloud();
    table(&cloud, "NEW_IMAGE");
    let client = dynamodb(&cloud, owner());
    for limited in [false, true] {
        cloud.dynamodb.limit_partitions(limited);
        let put = |asked: Option<ReturnConsumedCapacity>| {
            let put = client.put_item().table_name(TABLE).item("pk", s("a")).item("sk", s("1"));
            put.item("owner", s("o")).item("v", n(1)).set_return_consumed_capacity(asked).send()
        };
        assert!(put(None).await.unwrap().consumed_capacity.is_none());
        assert!(put(Some(ReturnConsumedCapacity::None)).await.unwrap().consumed_capacity.is_none());
        let total = put(Some(ReturnConsumedCapacity::Total)).await.unwrap().consumed_capacity.unwrap();
        assert!(total.capacity_units.is_some() && total.table.is_none(), "limited: {limited}");
        let indexes = put(Some(ReturnConsumedCapacity::Indexes)).await.unwrap().consumed_capacity.unwrap();
        assert!(indexes.table.is_some());
    }
}
