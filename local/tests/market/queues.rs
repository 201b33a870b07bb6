use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::json;
use souk::runtime::Kind;
use souk_local::engine::{Delivery, Happening, Market};
use tokio::time::Instant;

use crate::toys::{Diary, Toys, failure, function, send};

#[tokio::test(start_paused = true)]
async fn a_message_becomes_the_event_that_aws_sends_and_is_gone_afterwards() {
    let diary = Diary::default();
    let noted = diary.clone();
    let work = function("work", Kind::Queue, move |_, event| {
        noted.note(&event);
        async { Ok(json!({"batchItemFailures": []})) }
    });
    let market = Toys::new().with(work).open().await;
    send(&market, "hello").await;
    market.settled().await;
    let mut events = diary.events();
    assert_eq!(events.len(), 1);
    let record = &mut events[0]["Records"][0];
    for drawn in ["messageId", "receiptHandle"] {
        assert!(record[drawn].as_str().is_some_and(|id| !id.is_empty()));
        record[drawn] = json!("drawn");
    }
    assert_eq!(record["attributes"]["ApproximateReceiveCount"], "1");
    record["attributes"] = json!({});
    assert_eq!(
        *record,
        json!({
            "messageId": "drawn",
            "receiptHandle": "drawn",
            "body": "hello",
            "attributes": {},
            "messageAttributes": {},
            "md5OfBody": "5d41402abc4b2a76b9719d911017c592",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:souk-Jobs",
            "awsRegion": "eu-central-1",
        })
    );
    assert_eq!(market.cloud().sqs.depth(&market.stack().queues["Jobs"].arn), Default::default());
}

#[tokio::test(start_paused = true)]
async fn only_what_failed_comes_again_and_at_last_goes_to_the_dead_letters() {
    let diary = Diary::default();
    let noted = diary.clone();
    let work = function("work", Kind::Queue, move |_, event| {
        noted.note(&event);
        let bad = event["Records"].as_array().unwrap().iter().filter(|record| record["body"] == "bad");
        let failures: Vec<_> = bad.map(|record| json!({"itemIdentifier": record["messageId"]})).collect();
        async move { Ok(json!({ "batchItemFailures": failures })) }
    });
    let market = Toys::new().with(work).open().await;
    let mut happenings = market.happenings();
    let started = Instant::now();
    for body in ["good", "bad", "fine"] {
        send(&market, body).await;
    }
    market.settled().await;
    let mut tries: BTreeMap<String, u32> = BTreeMap::new();
    diary.records("/body").into_iter().flatten().for_each(|body| *tries.entry(body).or_default() += 1);
    assert_eq!(tries, [("bad", 3), ("fine", 1), ("good", 1)].map(|(k, v)| (k.to_owned(), v)).into());
    assert!(started.elapsed() >= Duration::from_secs(90), "three visibility timeouts");
    let dead = &market.stack().queues["DeadJobs"].arn;
    assert_eq!(market.cloud().sqs.depth(dead).visible, 1);
    tokio::time::sleep(Duration::from_secs(31)).await;
    let mut told = false;
    while let Ok(happening) = happenings.try_recv() {
        told |= matches!(happening, Happening::DeadLettered { ref dead_letters, .. } if dead_letters == "souk-DeadJobs");
    }
    assert!(told, "the console hears of it");
}

#[tokio::test(start_paused = true)]
async fn a_failed_run_or_an_answer_that_makes_no_sense_fails_the_whole_batch() {
    for answer in [
        Err("broken"),
        Ok(json!({"batchItemFailures": [{"itemIdentifier": ""}]})),
        Ok(json!({"batchItemFailures": [{"itemIdentifier": "unknown"}]})),
    ] {
        let diary = Diary::default();
        let noted = diary.clone();
        let work = function("work", Kind::Queue, move |_, event| {
            noted.note(&event);
            let first = noted.events().len() == 1;
            let answer = answer.clone().map_err(failure);
            async move { if first { answer } else { Ok(json!(null)) } }
        });
        let market = Toys::new().with(work).open().await;
        send(&market, "one").await;
        market.settled().await;
        assert_eq!(diary.records("/body"), [["one"], ["one"]]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_takes_up_to_ten_and_five_batches_run_at_once() {
    let (now, most) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
    let seen = Arc::clone(&most);
    let diary = Diary::default();
    let noted = diary.clone();
    let work = function("work", Kind::Queue, move |_, event| {
        noted.note(&event);
        let (now, most) = (Arc::clone(&now), Arc::clone(&most));
        async move {
            *now.lock().unwrap() += 1;
            let running = *now.lock().unwrap();
            let before = *most.lock().unwrap();
            *most.lock().unwrap() = before.max(running);
            tokio::time::sleep(Duration::from_secs(1)).await;
            *now.lock().unwrap() -= 1;
            Ok(json!({}))
        }
    });
    let market = Toys::new().with(work).open().await;
    for n in 0..100 {
        send(&market, &n.to_string()).await;
    }
    market.settled().await;
    assert!(diary.events().iter().all(|event| event["Records"].as_array().unwrap().len() <= 10));
    assert_eq!(diary.records("/body").concat().len(), 100);
    assert_eq!(*seen.lock().unwrap(), 5);
}

#[tokio::test(start_paused = true)]
async fn unreliable_delivery_repeats_and_reorders_but_loses_nothing() {
    let run = async |seed| {
        let diary = Diary::default();
        let noted = diary.clone();
        let work = function("work", Kind::Queue, move |_, event| {
            noted.note(&event);
            async { Ok(json!({})) }
        });
        let mut options = Toys::new().with(work).options();
        options.delivery = Delivery::unreliable(5, seed);
        let market = Market::open(options).await.unwrap();
        for n in 0..20 {
            send(&market, &n.to_string()).await;
        }
        market.settled().await;
        diary.records("/body").concat()
    };
    let delivered = run(7).await;
    let mut distinct = delivered.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 20);
    assert!(delivered.len() > 30, "{} deliveries", delivered.len());
    assert_eq!(run(7).await, delivered, "a seed repeats itself");
    assert_ne!(run(8).await, delivered);
}

#[tokio::test(start_paused = true)]
async fn a_function_may_do_what_its_policy_allows_and_nothing_else() {
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&outcomes);
    let work = function("work", Kind::Queue, move |app, _| {
        let told = Arc::clone(&told);
        async move {
            let table = app.settings().require("TABLE").unwrap().to_owned();
            let key = aws_sdk_dynamodb::types::AttributeValue::S("x".to_owned());
            let put = app.dynamodb().put_item().table_name(&table).item("pk", key.clone()).send().await;
            let get = app.dynamodb().get_item().table_name(&table).key("pk", key).send().await;
            let denied = format!("{:?}", get.err());
            told.lock().unwrap().push((put.is_ok(), denied.contains("AccessDeniedException")));
            Ok(json!({}))
        }
    });
    let market = Toys::new().with(work).open().await;
    send(&market, "go").await;
    market.settled().await;
    assert_eq!(*outcomes.lock().unwrap(), [(true, true)]);
}
