//! What AWS keeps beside the tables: secrets, stream records for a day, dead letters, batches that were given up.

use std::time::Duration;

use serde_json::json;
use souk_cloud::dynamodb::StartingPosition;
use souk_tests::TestMarket;

use super::{story::POISON, watch::Said};

/// Has all stream records kept for a day, as AWS does; the emulated tables forget what every function has passed.
pub fn keep_stream_records(market: &TestMarket) {
    for table in market.market.stack().tables.values() {
        market.market.cloud().dynamodb.register("canaries", &table.name, StartingPosition::TrimHorizon);
    }
}

/// All of it; and apart from it what was put there to see who repeats it.
pub async fn kept(market: &TestMarket) -> (Vec<Said>, Vec<Said>) {
    let mut all = secrets(market);
    all.extend(stream_records(market));
    all.extend(dead_letters(market).await);
    all.extend(failed_records(market));
    all.into_iter().partition(|(place, text)| *place == "a secret" || !text.contains(POISON))
}

fn secrets(market: &TestMarket) -> Vec<Said> {
    let names = market.market.stack().secrets.values().map(|secret| secret.name.clone());
    let read = names.map(|name| {
        let secret = market.market.cloud().secrets.call("GetSecretValue", &json!({ "SecretId": name }));
        ("a secret", secret.unwrap().to_string())
    });
    read.collect()
}

fn stream_records(market: &TestMarket) -> Vec<Said> {
    let tables = market.market.stack().tables.values();
    let records = tables
        .flat_map(|table| market.market.cloud().dynamodb.stream_records(&table.name, None, usize::MAX >> 1));
    records.map(|record| ("a stream record", record.to_event("eu-central-1").to_string())).collect()
}

async fn dead_letters(market: &TestMarket) -> Vec<Said> {
    let (sqs, mut letters) = (&market.market.cloud().sqs, Vec::new());
    for queue in market.market.stack().queues.values().filter(|queue| queue.name.contains("dead")) {
        let waiting = sqs.depth(&queue.arn).visible;
        let received = sqs.receive(&queue.arn, waiting, Duration::ZERO).await.unwrap();
        assert_eq!(received.len(), waiting, "{} is read whole", queue.name);
        for letter in received {
            letters.push((
                "a dead letter",
                format!("{} {:?} {:?}", letter.body, letter.attributes, letter.message_attributes),
            ));
            sqs.change_visibility(&queue.arn, &letter.receipt_handle, Duration::ZERO).unwrap();
        }
    }
    letters
}

fn failed_records(market: &TestMarket) -> Vec<Said> {
    let objects = &market.market.cloud().objects;
    let buckets = market.market.stack().buckets.values();
    let keys = buckets.flat_map(|bucket| objects.list(bucket, "").into_iter().map(move |key| (bucket, key)));
    let read = keys.map(|(bucket, key)| {
        let object = objects.get(bucket, &key).unwrap();
        ("a failed record", format!("{key} {}", String::from_utf8_lossy(&object)))
    });
    read.collect()
}

/// Puts `canary` into each of these places, once.
pub async fn plant(market: &TestMarket, canary: &str) {
    let (cloud, stack) = (market.market.cloud(), market.market.stack());
    let secret = &stack.secrets.values().next().unwrap().name;
    cloud
        .secrets
        .call("PutSecretValue", &json!({"SecretId": secret, "SecretString": format!("root {canary}")}))
        .unwrap();
    let item = json!({"pk": {"S": "somewhere"}, "sk": {"S": "there"}, "note": {"S": canary}});
    market.dynamodb("PutItem", json!({"TableName": market.table("-state"), "Item": item})).await;
    // Gone from the table, but not from its stream.
    let key = json!({"pk": {"S": "somewhere"}, "sk": {"S": "there"}});
    market.dynamodb("DeleteItem", json!({"TableName": market.table("-state"), "Key": key})).await;
    let dead = stack.queues.values().find(|queue| queue.name.contains("dead")).unwrap();
    let url = cloud.sqs.url_of(&dead.arn).unwrap();
    let request = http::Request::post("http://localhost/")
        .header("x-amz-target", "AmazonSQS.SendMessage")
        .header("content-type", "application/x-amz-json-1.0")
        .body(
            json!({"QueueUrl": url, "MessageBody": json!({"email": canary}).to_string()}).to_string().into(),
        );
    let sent = cloud.call(&souk_cloud::Caller::everything("test"), request.unwrap()).await.unwrap();
    assert!(sent.status().is_success());
    let bucket = stack.buckets.values().next().unwrap();
    cloud.objects.put(bucket, "aws/lambda/batch", json!({"payload": canary}).to_string()).unwrap();
}
