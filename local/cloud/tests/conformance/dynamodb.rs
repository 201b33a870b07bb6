//! DynamoDB: what our adapter adds to, or keeps from, the database inside.

use aws_sdk_dynamodb::types::AttributeValue;
use souk_cloud::Caller;

use crate::support::{cloud, dynamodb, table};

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_client_of_the_sdk_writes_and_reads() {
    let cloud = cloud();
    table(&cloud, "some-orders", "NEW_IMAGE");
    let client = dynamodb(&cloud, Caller::everything("test"));
    let put = client.put_item().table_name("some-orders").item("pk", s("a")).item("sk", s("1"));
    let answer = put.send().await.unwrap();
    assert!(answer.consumed_capacity.is_none(), "what was not asked for is not told");
    let got =
        client.get_item().table_name("some-orders").key("pk", s("a")).key("sk", s("1")).send().await.unwrap();
    assert_eq!(got.item.unwrap()["pk"], s("a"));
    let records = cloud.dynamodb.stream_records("some-orders", None, 10);
    assert_eq!(records.len(), 1);
}
