//! Where the records of a stream go that were given up.

use std::sync::Arc;

use serde_json::{Value, json};
use souk_cloud::{
    Caller,
    iam::{Ask, Decision},
};

use super::{
    stream::Mapping,
    work::{Condition, Item},
};
use crate::{
    engine::{
        happening::Happening,
        ids,
        market::Engine,
        runner::{Answer, Failure},
    },
    template::{Destination, FunctionSpec},
};

/// The id of every stream's one shard.
const SHARD: &str = "shardId-00000000000000000000-00000000";

/// Whether the destination is there and the function's role lets Lambda write to it: by the template's policies, or
/// because the transform `granted` it.
pub(super) fn check(
    engine: &Engine,
    function: &FunctionSpec,
    destination: &Destination,
    granted: bool,
) -> Result<(), String> {
    let asks = match destination {
        Destination::Bucket(arn) => {
            let name = bucket(arn);
            if !engine.stack.buckets.values().any(|bucket| bucket == name) {
                return Err(format!("no bucket is called {name}"));
            }
            vec![("s3:PutObject", format!("{arn}/aws/lambda/record")), ("s3:ListBucket", arn.clone())]
        }
        Destination::Queue(arn) => {
            engine.stack.queue_by_arn(arn).ok_or_else(|| format!("no queue is {arn}"))?;
            vec![("sqs:SendMessage", arn.clone())]
        }
        Destination::Topic(arn) => vec![("sns:Publish", arn.clone())],
    };
    if granted {
        return Ok(());
    }
    let Some(deployed) = engine.runner.functions.get(&function.id) else {
        return Err(format!("no function is called {}", function.id));
    };
    for (action, resource) in asks {
        if let Decision::Denied { .. } = deployed.policy.decide(&Ask::new(action, &resource)) {
            return Err(format!(
                "the function's role allows no {action} on {resource}, which its destination needs"
            ));
        }
    }
    Ok(())
}

/// Keeps what is known of a failed batch: all of it in a bucket, where it is in a queue or topic.
/// <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>
pub(super) async fn keep(
    mapping: &Mapping,
    items: &[Item],
    condition: Condition,
    invocations: u32,
    answer: Option<&Answer>,
) {
    let engine = &mapping.engine;
    let mut record = describe(mapping, items, condition, invocations, answer);
    let kept = match &mapping.source.on_failure {
        None => None,
        Some(Destination::Bucket(arn)) => {
            if let Some(map) = record.as_object_mut() {
                map.insert("payload".to_owned(), json!(Mapping::event(items).to_string()));
            }
            let now = engine.clock.now();
            let key = format!(
                "aws/lambda/{}/{SHARD}/{}-{}",
                mapping.consumer,
                now.strftime("%Y/%m/%d/%Y-%m-%dT%H.%M.%S"),
                ids::uuid(&engine.entropy)
            );
            match engine.cloud.objects.put(bucket(arn), &key, record.to_string()) {
                Ok(()) => Some(format!("s3://{}/{key}", bucket(arn))),
                Err(error) => {
                    tracing::error!(%error, "a failed batch can't be kept");
                    None
                }
            }
        }
        Some(Destination::Queue(arn)) => {
            let sent = send(engine, "AmazonSQS.SendMessage", queue_message(engine, arn, &record)).await;
            sent.then(|| arn.clone())
        }
        Some(Destination::Topic(arn)) => publish(engine, arn, &record).await.then(|| arn.clone()),
    };
    engine.tell(Happening::GaveUp {
        function: mapping.function.id.clone(),
        table: mapping.table.name.clone(),
        records: items.len(),
        kept,
    });
}

fn bucket(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

fn describe(
    mapping: &Mapping,
    items: &[Item],
    condition: Condition,
    invocations: u32,
    answer: Option<&Answer>,
) -> Value {
    let engine = &mapping.engine;
    let mut response = json!({ "statusCode": 200, "executedVersion": "$LATEST" });
    if let (Some(Err(failure)), Some(map)) = (answer, response.as_object_mut()) {
        let error = if matches!(failure, Failure::Throttled) { "Throttled" } else { "Unhandled" };
        map.insert("functionError".to_owned(), json!(error));
    }
    let at = |item: Option<&Item>| item.map(|item| item.created.to_string());
    json!({
        "requestContext": {
            "requestId": ids::uuid(&engine.entropy),
            "functionArn": mapping.function.arn,
            "condition": format!("{condition:?}"),
            "approximateInvokeCount": invocations,
        },
        "responseContext": response,
        "version": "1.0",
        "timestamp": engine.clock.now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        "DDBStreamBatchInfo": {
            "shardId": SHARD,
            "startSequenceNumber": items.first().map(Item::number),
            "endSequenceNumber": items.last().map(Item::number),
            "approximateArrivalOfFirstRecord": at(items.first()),
            "approximateArrivalOfLastRecord": at(items.last()),
            "batchSize": items.len(),
            "streamArn": mapping.source.stream,
        },
    })
}

fn queue_message(engine: &Engine, arn: &str, record: &Value) -> Value {
    let url = engine.stack.queue_by_arn(arn).map(|queue| queue.url.clone());
    json!({ "QueueUrl": url, "MessageBody": record.to_string() })
}

async fn send(engine: &Arc<Engine>, target: &str, input: Value) -> bool {
    let request = http::Request::post("/").header("x-amz-target", target).body(input.to_string().into());
    call(engine, request).await
}

async fn publish(engine: &Arc<Engine>, arn: &str, record: &Value) -> bool {
    let form = [
        ("Action", "Publish"),
        ("Version", "2010-03-31"),
        ("TopicArn", arn),
        ("Message", &record.to_string()),
    ]
    .map(|(name, value)| format!("{name}={}", crate::engine::gateway::percent_encode(value)))
    .join("&");
    let request = http::Request::post("/")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.into());
    call(engine, request).await
}

async fn call(engine: &Arc<Engine>, request: http::Result<http::Request<bytes::Bytes>>) -> bool {
    let Ok(request) = request else { return false };
    // The role was asked when the market opened.
    let lambda = Caller::everything("lambda.amazonaws.com");
    match engine.cloud.call(&lambda, request).await {
        Ok(response) if response.status().is_success() => true,
        Ok(response) => {
            let said = String::from_utf8_lossy(response.body()).into_owned();
            tracing::error!(said, "a failed batch can't be reported");
            false
        }
        Err(error) => {
            tracing::error!(%error, "a failed batch can't be reported");
            false
        }
    }
}
