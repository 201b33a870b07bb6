//! Redrive: what is received too often goes to the dead-letter queue.

use std::time::Duration;

use aws_sdk_sqs::types::{MessageSystemAttributeName as System, QueueAttributeName as Name};

use crate::world::{World, code, receives, refusal, system, world};

/// A policy that gives up after so many receives.
pub fn policy(arn: &str, receives: u32) -> String {
    format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":{receives}}}"#)
}

/// A queue and its dead-letter queue.
async fn pair(w: &World, suffix: &str, max: u32) -> (String, String) {
    let dead = w.queue(&format!("dead{suffix}"), &[]).await;
    let redrive = policy(&w.arn(&dead).await, max);
    let attributes = [(Name::RedrivePolicy, redrive.as_str()), (Name::VisibilityTimeout, "1")];
    (w.queue(&format!("orders{suffix}"), &attributes).await, dead)
}

#[tokio::test(start_paused = true)]
async fn after_so_many_receives_the_message_is_moved() {
    world(|w| async move {
        let (url, dead) = pair(&w, "", 3).await;
        let id = w.send(&url, "poison").await;
        for count in ["1", "2", "3"] {
            assert_eq!(receives(&w.one(&url).await), count);
            w.pass(Duration::from_secs(1)).await;
            assert!(w.receive(&dead, 1).await.is_empty(), "not before the next receive");
        }
        assert!(w.receive(&url, 1).await.is_empty());
        assert_eq!(w.depth(&url).await, [0, 0, 0]);
        let message = w.one(&dead).await;
        assert_eq!(message.message_id(), Some(id.as_str()), "the same message");
        assert_eq!(system(&message, &System::DeadLetterQueueSourceArn), w.arn(&url).await);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_others_are_received_all_the_same() {
    world(|w| async move {
        let (url, dead) = pair(&w, "", 1).await;
        w.send(&url, "poison").await;
        w.one(&url).await;
        w.pass(Duration::from_secs(1)).await;
        for number in 0..9 {
            w.send(&url, &number.to_string()).await;
        }
        assert_eq!(w.drain(&url).await.len(), 9);
        assert_eq!(w.drain(&dead).await, ["poison"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn in_a_fifo_queue_the_next_of_the_group_follows() {
    world(|w| async move {
        let (url, dead) = pair(&w, ".fifo", 1).await;
        for body in ["poison", "next"] {
            let send = w.sqs.send_message().queue_url(&url).message_group_id("g").message_body(body);
            send.message_deduplication_id(body).send().await.unwrap();
        }
        assert_eq!(w.one(&url).await.body(), Some("poison"));
        w.pass(Duration::from_secs(1)).await;
        assert_eq!(w.one(&url).await.body(), Some("next"));
        let message = w.one(&dead).await;
        assert_eq!(message.body(), Some("poison"));
        assert_eq!(system(&message, &System::MessageGroupId), "g");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_policy_must_name_a_queue_of_the_same_type_and_a_count() {
    world(|w| async move {
        let (dead, ordered) = (w.queue("dead", &[]).await, w.queue("dead.fifo", &[]).await);
        let url = w.queue("orders", &[]).await;
        let (dead, ordered) = (w.arn(&dead).await, w.arn(&ordered).await);
        let set = |json: &str| {
            w.sqs.set_queue_attributes().queue_url(&url).attributes(Name::RedrivePolicy, json).send()
        };
        set(&policy(&dead, 1)).await.unwrap();
        set(&format!(r#"{{"deadLetterTargetArn":"{dead}","maxReceiveCount":"1000"}}"#)).await.unwrap();
        let missing = dead.replace("dead", "nobody");
        for json in [
            policy(&dead, 0),
            policy(&dead, 1001),
            policy(&missing, 3),
            policy(&ordered, 3),
            policy("dummy", 42),
            format!(r#"{{"deadLetterTargetArn":"{dead}"}}"#),
            r#"{"maxReceiveCount":3}"#.to_owned(),
            "text".to_owned(),
        ] {
            let (code, message) = refusal(set(&json).await);
            assert_eq!(code, "InvalidParameterValue", "{json}");
            assert!(message.contains("for parameter RedrivePolicy is invalid. Reason: "), "{message}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_queue_chooses_whom_it_serves() {
    world(|w| async move {
        let dead = w.queue("dead", &[]).await;
        let (url, other) = (w.queue("orders", &[]).await, w.queue("others", &[]).await);
        let (arn, redrive) = (w.arn(&url).await, policy(&w.arn(&dead).await, 3));
        let set = |url: &str| {
            w.sqs.set_queue_attributes().queue_url(url).attributes(Name::RedrivePolicy, &redrive).send()
        };
        let allow = format!(r#"{{"redrivePermission":"byQueue","sourceQueueArns":["{arn}"]}}"#);
        w.set(&dead, Name::RedriveAllowPolicy, &allow).await;
        set(&url).await.unwrap();
        assert_eq!(code(set(&other).await), "InvalidParameterValue");
        w.set(&dead, Name::RedriveAllowPolicy, r#"{"redrivePermission":"denyAll"}"#).await;
        assert_eq!(code(set(&url).await), "InvalidParameterValue");
        w.set(&dead, Name::RedriveAllowPolicy, r#"{"redrivePermission":"allowAll"}"#).await;
        set(&other).await.unwrap();
        for json in [
            r#"{"redrivePermission":"sometimes"}"#.to_owned(),
            r#"{"redrivePermission":"byQueue"}"#.to_owned(),
            format!(r#"{{"redrivePermission":"denyAll","sourceQueueArns":["{arn}"]}}"#),
            serde_json::json!({ "redrivePermission": "byQueue", "sourceQueueArns": vec![arn.clone(); 11] })
                .to_string(),
        ] {
            let set =
                w.sqs.set_queue_attributes().queue_url(&dead).attributes(Name::RedriveAllowPolicy, &json);
            assert_eq!(code(set.send().await), "InvalidParameterValue", "{json}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_sources_of_a_dead_letter_queue_are_listed() {
    world(|w| async move {
        let (url, dead) = pair(&w, "", 3).await;
        w.queue("others", &[]).await;
        let list = w.sqs.list_dead_letter_source_queues().queue_url(&dead).send().await.unwrap();
        assert_eq!(list.queue_urls(), [url]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_empty_policy_takes_the_dead_letter_queue_away() {
    world(|w| async move {
        let (url, _) = pair(&w, "", 1).await;
        w.set(&url, Name::RedrivePolicy, "").await;
        assert_eq!(w.attribute(&url, Name::RedrivePolicy).await, None);
        w.send(&url, "x").await;
        w.one(&url).await;
        w.pass(Duration::from_secs(1)).await;
        assert_eq!(receives(&w.one(&url).await), "2");
    })
    .await;
}
