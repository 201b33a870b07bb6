//! A cloud to ask, and SDK clients to ask it with.

use std::sync::Arc;

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use jiff::Timestamp;
use serde_json::json;
use souk_cloud::{Caller, Cloud, CloudOptions, Place};

/// A place whose clock is tokio's: it stands still under a paused clock, and moves with it.
pub fn place() -> Place {
    let opened = (Timestamp::from_second(1_780_000_000).unwrap(), tokio::time::Instant::now());
    Place {
        account: "000000000000".to_owned(),
        region: "eu-central-1".to_owned(),
        clock: Arc::new(move || opened.0 + opened.1.elapsed()),
    }
}

/// An empty cloud in memory.
pub fn cloud() -> Arc<Cloud> {
    Cloud::open(CloudOptions::new(place())).unwrap()
}

/// The SDK's DynamoDB client for `caller`, in process.
pub fn dynamodb(cloud: &Arc<Cloud>, caller: Caller) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "test"))
        .http_client(cloud.http_client(caller))
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

/// A table `name` with the keys `pk` and `sk`, an index `by-owner`, a stream with `view`, and `expires`.
pub fn table(cloud: &Cloud, name: &str, view: &str) {
    let declared = json!({
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
            {"AttributeName": "owner", "AttributeType": "S"},
        ],
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        "GlobalSecondaryIndexes": [{
            "IndexName": "by-owner",
            "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }],
        "StreamSpecification": {"StreamViewType": view},
        "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": true},
    });
    cloud.dynamodb.ensure_table(&declared).unwrap();
}
