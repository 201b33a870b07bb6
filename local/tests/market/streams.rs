use std::time::Duration;

use serde_json::{Value, json};
use souk::runtime::{Function, Kind};
use souk_local::engine::{Happening, Market};
use tokio::time::Instant;

use crate::toys::{Diary, Toys, aws, failure, function, put};

const KEY: &str = "/dynamodb/Keys/pk/S";

/// Notes each event, then answers with what `answer` makes of the keys in it.
fn watch(
    diary: &Diary,
    answer: impl Fn(&[Value]) -> Result<Value, &'static str> + Send + Sync + 'static,
) -> Function {
    let noted = diary.clone();
    function("watch", Kind::Stream, move |_, event| {
        noted.note(&event);
        let answer = answer(event["Records"].as_array().unwrap()).map_err(failure);
        async move { answer }
    })
}

fn names(record: &Value, bad: &str) -> bool {
    record.pointer(KEY).unwrap() == bad
}

fn kept(market: &Market) -> Vec<Value> {
    let keys = market.cloud().objects.list("toys-failed", "");
    let get = |key: &String| market.cloud().objects.get("toys-failed", key).unwrap();
    keys.iter().map(|key| serde_json::from_slice(&get(key)).unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_change_becomes_the_event_that_aws_sends() {
    let diary = Diary::default();
    let market = Toys::new().with(watch(&diary, |_| Ok(json!({})))).open().await;
    put(&market, "a", "1").await;
    market.settled().await;
    put(&market, "a", "2").await;
    put(&market, "a", "2").await;
    market.settled().await;
    let events = diary.events();
    assert_eq!(events.len(), 2, "a write that changes nothing leaves no record");
    let mut record = events[1]["Records"][0].clone();
    let number = record["dynamodb"]["SequenceNumber"].as_str().unwrap();
    assert!(number.len() == 21 && number.bytes().all(|byte| byte.is_ascii_digit()));
    assert!(record["dynamodb"]["SizeBytes"].as_u64().unwrap() > 0);
    for drawn in ["/eventID", "/dynamodb/SequenceNumber", "/dynamodb/SizeBytes"] {
        *record.pointer_mut(drawn).unwrap() = json!("drawn");
    }
    assert_eq!(
        record,
        json!({
            "eventID": "drawn",
            "eventName": "MODIFY",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "eu-central-1",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_767_225_600,
                "Keys": {"pk": {"S": "a"}},
                "NewImage": {"pk": {"S": "a"}, "value": {"S": "2"}},
                "OldImage": {"pk": {"S": "a"}, "value": {"S": "1"}},
                "SequenceNumber": "drawn",
                "SizeBytes": "drawn",
                "StreamViewType": "NEW_AND_OLD_IMAGES",
            },
            "eventSourceARN": market.stack().tables["Things"].stream.as_ref().unwrap().arn,
        })
    );
}

#[tokio::test(start_paused = true)]
async fn records_that_match_no_filter_are_passed_over() {
    let diary = Diary::default();
    let market = Toys::new().with(watch(&diary, |_| Ok(json!({})))).open().await;
    let item = json!({"TableName": "toys-things", "Item": {"pk": {"S": "bare"}}});
    aws(&market, "DynamoDB_20120810.PutItem", &item).await;
    put(&market, "full", "1").await;
    market.settled().await;
    assert_eq!(diary.records(KEY).concat(), ["full"]);
}

/// What is passed over ends too: whoever waits for the market to settle must hear of it.
#[tokio::test(start_paused = true)]
async fn a_record_that_is_passed_over_settles_at_once() {
    let market = Toys::new().open().await;
    let started = Instant::now();
    let item = json!({"TableName": "toys-things", "Item": {"pk": {"S": "bare"}}});
    aws(&market, "DynamoDB_20120810.PutItem", &item).await;
    market.settled().await;
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn one_bad_record_is_kept_apart_and_the_rest_go_on() {
    for partial in [true, false] {
        let diary = Diary::default();
        let market = Toys::new()
            .with(watch(&diary, move |records| {
                match records.iter().find(|record| names(record, "item-500")) {
                    None => Ok(json!({})),
                    Some(bad) if partial => Ok(
                        json!({"batchItemFailures": [{"itemIdentifier": bad["dynamodb"]["SequenceNumber"]}]}),
                    ),
                    Some(_) => Err("poison"),
                }
            }))
            .open()
            .await;
        let mut happenings = market.happenings();
        let started = Instant::now();
        for n in 0..1000 {
            put(&market, &format!("item-{n}"), "1").await;
        }
        market.settled().await;
        let mut last = std::collections::BTreeMap::new();
        for (run, keys) in diary.records(KEY).into_iter().enumerate() {
            keys.into_iter().for_each(|key| {
                last.insert(key, run);
            });
        }
        assert_eq!(last.len(), 1000, "every record was tried");
        assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
        let kept = kept(&market);
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0]["requestContext"]["condition"], "RetryAttemptsExhausted");
        assert_eq!(kept[0]["DDBStreamBatchInfo"]["batchSize"], 1);
        let payload: Value = serde_json::from_str(kept[0]["payload"].as_str().unwrap()).unwrap();
        assert!(names(&payload["Records"][0], "item-500"), "the whole record is kept");
        let mut told = false;
        while let Ok(happening) = happenings.try_recv() {
            told |= matches!(happening, Happening::GaveUp { records: 1, kept: Some(_), .. });
        }
        assert!(told);
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_before_the_first_failure_is_not_repeated() {
    let diary = Diary::default();
    let noted = diary.clone();
    let market = Toys::new()
        .with(watch(&diary, move |records| {
            let first_run = noted.events().len() == 1;
            let bad: Vec<_> = records.iter().filter(|record| first_run && !names(record, "a")).collect();
            let failed = bad
                .iter()
                .rev()
                .map(|record| json!({"itemIdentifier": record["dynamodb"]["SequenceNumber"]}));
            Ok(json!({"batchItemFailures": failed.collect::<Vec<_>>()}))
        }))
        .open()
        .await;
    for key in ["a", "b", "c"] {
        put(&market, key, "1").await;
    }
    market.settled().await;
    let runs = diary.records(KEY);
    assert_eq!(runs.last().unwrap().last().unwrap(), "c");
    assert_eq!(runs.concat().iter().filter(|key| *key == "a").count(), 1, "{runs:?}");
}

#[tokio::test(start_paused = true)]
async fn records_too_old_are_given_up() {
    let diary = Diary::default();
    let mut options = Toys::new().with(watch(&diary, |_| Err("always"))).options();
    options.template = options.template.replace("MaximumRetryAttempts: 3", "MaximumRetryAttempts: -1");
    let market = Market::open(options).await.unwrap();
    let started = Instant::now();
    put(&market, "a", "1").await;
    market.settled().await;
    let hours = started.elapsed().as_secs_f32() / 3600.0;
    assert!((1.0..1.1).contains(&hours), "{hours} hours");
    let kept = kept(&market);
    assert_eq!(kept[0]["requestContext"]["condition"], "RecordAgeExceeded");
    assert!(diary.events().len() > 50, "tried for an hour, a minute apart");
}

#[tokio::test(start_paused = true)]
async fn lanes_keep_the_order_of_each_item() {
    let diary = Diary::default();
    let mut options = Toys::new().with(watch(&diary, |_| Ok(json!({})))).options();
    options.template =
        options.template.replace("BatchSize: 100", "BatchSize: 2\n            ParallelizationFactor: 4");
    let market = Market::open(options).await.unwrap();
    for round in 0..10 {
        for item in 0..5 {
            put(&market, &format!("item-{item}"), &round.to_string()).await;
        }
    }
    market.settled().await;
    let mut seen: std::collections::BTreeMap<String, Vec<String>> = std::collections::BTreeMap::new();
    for event in diary.events() {
        for record in event["Records"].as_array().unwrap() {
            let key = record.pointer(KEY).unwrap().as_str().unwrap().to_owned();
            let value = record.pointer("/dynamodb/NewImage/value/S").unwrap().as_str().unwrap().to_owned();
            seen.entry(key).or_default().push(value);
        }
    }
    let expected: Vec<String> = (0..10).map(|round: u32| round.to_string()).collect();
    assert_eq!(seen.len(), 5);
    assert!(seen.values().all(|values| *values == expected), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a_destination_needs_the_functions_permission() {
    let mut options = Toys::new().options();
    options.template = options.template.replace("Action: s3:PutObject", "Action: s3:GetObject");
    let error = Market::open(options).await.err().unwrap().to_string();
    assert!(
        error.starts_with("Watch's event Things can't be made: the function's role allows no s3:PutObject"),
        "{error}"
    );
}
