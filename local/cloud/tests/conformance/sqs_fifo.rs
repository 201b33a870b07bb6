//! FIFO queues: order within a group, and each message once.

use std::time::Duration;

use aws_sdk_sqs::{
    operation::send_message::builders::SendMessageFluentBuilder,
    types::{MessageSystemAttributeName as System, QueueAttributeName as Name, SendMessageBatchRequestEntry},
};

use crate::world::{World, code, receives, refusal, system, world};

const BY_CONTENT: (Name, &str) = (Name::ContentBasedDeduplication, "true");

fn sending(w: &World, url: &str, group: &str, body: &str) -> SendMessageFluentBuilder {
    w.sqs.send_message().queue_url(url).message_group_id(group).message_body(body)
}

async fn send(w: &World, url: &str, group: &str, body: &str) {
    sending(w, url, group, body).send().await.unwrap();
}

async fn bodies(w: &World, url: &str, max: i32) -> Vec<String> {
    w.receive(url, max).await.into_iter().map(|message| message.body.unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn messages_of_a_group_come_in_order() {
    world(|w| async move {
        let url = w.queue("orders.fifo", &[BY_CONTENT]).await;
        let expected: Vec<String> = (0..25).map(|number| number.to_string()).collect();
        for body in &expected {
            send(&w, &url, "g", body).await;
        }
        assert_eq!(w.drain(&url).await, expected);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_group_in_flight_blocks_itself_alone() {
    world(|w| async move {
        let url = w.queue("orders.fifo", &[BY_CONTENT]).await;
        for (group, body) in [("a", "a1"), ("a", "a2"), ("b", "b1"), ("a", "a3"), ("b", "b2")] {
            send(&w, &url, group, body).await;
        }
        let a1 = w.one(&url).await;
        assert_eq!(a1.body(), Some("a1"));
        assert_eq!(bodies(&w, &url, 10).await, ["b1", "b2"], "only of the other group");
        assert!(bodies(&w, &url, 10).await.is_empty(), "both groups are in flight");
        w.delete(&url, &a1).await;
        assert_eq!(bodies(&w, &url, 1).await, ["a2"]);
        assert!(bodies(&w, &url, 1).await.is_empty());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_is_not_deleted_comes_again_before_the_rest() {
    world(|w| async move {
        let url = w.queue("orders.fifo", &[BY_CONTENT, (Name::VisibilityTimeout, "3")]).await;
        for body in ["1", "2", "3"] {
            send(&w, &url, "g", body).await;
        }
        let first = w.receive(&url, 2).await;
        assert_eq!(first[0].body(), Some("1"));
        w.delete(&url, &first[1]).await;
        assert!(bodies(&w, &url, 10).await.is_empty(), "1 is still in flight");
        w.pass(Duration::from_secs(3)).await;
        assert_eq!(bodies(&w, &url, 10).await, ["1", "3"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_is_accepted_and_not_delivered() {
    world(|w| async move {
        let url = w.queue("orders.fifo", &[]).await;
        let send = |body: &str, id: &str| sending(&w, &url, "g", body).message_deduplication_id(id).send();
        let first = send("one", "1").await.unwrap();
        let again = send("other body", "1").await.unwrap();
        assert_eq!(again.message_id(), first.message_id());
        assert_eq!(again.sequence_number(), first.sequence_number());
        assert_eq!(w.drain(&url).await, ["one"]);
        send("after its deletion", "1").await.unwrap();
        assert!(w.drain(&url).await.is_empty());
        send("other id", "2").await.unwrap();
        assert_eq!(w.drain(&url).await, ["other id"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn duplicates_are_remembered_for_five_minutes() {
    world(|w| async move {
        let url = w.queue("orders.fifo", &[]).await;
        let send = |body: &str| sending(&w, &url, "g", body).message_deduplication_id("1").send();
        send("first").await.unwrap();
        if !w.pass(Duration::from_secs(299)).await {
            return;
        }
        send("second").await.unwrap();
        w.pass(Duration::from_secs(1)).await;
        send("third").await.unwrap();
        assert_eq!(w.drain(&url).await, ["first", "third"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn content_can_be_the_deduplication_id() {
    world(|w| async move {
        let url = w.queue("orders.fifo", &[BY_CONTENT]).await;
        send(&w, &url, "a", "same").await;
        send(&w, &url, "b", "same").await;
        sending(&w, &url, "a", "same").message_deduplication_id("explicit").send().await.unwrap();
        let messages = w.receive(&url, 10).await;
        assert_eq!(messages.len(), 2);
        let sha = "0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5";
        assert_eq!(system(&messages[0], &System::MessageDeduplicationId), sha);
        assert_eq!(system(&messages[1], &System::MessageDeduplicationId), "explicit");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn deduplication_can_be_within_the_group() {
    world(|w| async move {
        let url = w.queue("orders.fifo", &[BY_CONTENT, (Name::DeduplicationScope, "messageGroup")]).await;
        for group in ["a", "b", "a"] {
            send(&w, &url, group, "same").await;
        }
        assert_eq!(w.drain(&url).await, ["same", "same"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn sequence_numbers_rise() {
    world(|w| async move {
        let url = w.queue("orders.fifo", &[BY_CONTENT]).await;
        let mut numbers = Vec::new();
        for body in ["1", "2", "3"] {
            let sent = sending(&w, &url, "g", body).send().await.unwrap();
            numbers.push(sent.sequence_number.unwrap());
        }
        assert!(numbers.iter().all(|number| number.len() == 20));
        assert!(numbers.is_sorted());
        let received = w.receive(&url, 3).await;
        let received: Vec<_> =
            received.iter().map(|it| system(it, &System::SequenceNumber).to_owned()).collect();
        assert_eq!(received, numbers);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_order_needs_a_group_and_a_deduplication_id() {
    world(|w| async move {
        let url = w.queue("orders.fifo", &[]).await;
        let ungrouped = w.sqs.send_message().queue_url(&url).message_body("x").message_deduplication_id("1");
        let (missing, message) = refusal(ungrouped.send().await);
        assert_eq!(missing, "MissingParameter");
        assert_eq!(message, "The request must contain the parameter MessageGroupId.");
        let (invalid, message) = refusal(sending(&w, &url, "g", "x").send().await);
        assert_eq!(invalid, "InvalidParameterValue");
        assert!(message.starts_with("The queue should either have ContentBasedDeduplication"), "{message}");
        let long = "x".repeat(129);
        for id in ["a b", "ä", "", long.as_str()] {
            let send = sending(&w, &url, id, "x").message_deduplication_id("1").send().await;
            assert_eq!(code(send), "InvalidParameterValue", "{id}");
            let send = sending(&w, &url, "g", "x").message_deduplication_id(id).send().await;
            assert_eq!(code(send), "InvalidParameterValue", "{id}");
        }
        let entry = SendMessageBatchRequestEntry::builder().id("1").message_body("x").build().unwrap();
        let batch = w.sqs.send_message_batch().queue_url(&url).entries(entry).send().await;
        assert_eq!(code(batch), "InvalidParameterValue", "of the batch as a whole");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_receipt_ends_with_its_visibility() {
    world(|w| async move {
        let url = w.queue("orders.fifo", &[BY_CONTENT, (Name::VisibilityTimeout, "1")]).await;
        send(&w, &url, "g", "x").await;
        let message = w.one(&url).await;
        w.pass(Duration::from_secs(2)).await;
        let handle = message.receipt_handle().unwrap();
        let delete = w.sqs.delete_message().queue_url(&url).receipt_handle(handle).send().await;
        let (code, message) = refusal(delete);
        assert_eq!(code, "InvalidParameterValue");
        assert!(message.ends_with("Reason: The receipt handle has expired."), "{message}");
        assert_eq!(receives(&w.one(&url).await), "2");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_receive_whose_answer_was_lost_can_be_repeated() {
    world(|w| async move {
        let url = w.queue("orders.fifo", &[BY_CONTENT]).await;
        for body in ["1", "2"] {
            send(&w, &url, "g", body).await;
        }
        let attempt = async |id: &str| {
            let receive = w.sqs.receive_message().queue_url(&url).receive_request_attempt_id(id);
            receive.wait_time_seconds(1).send().await.unwrap().messages.unwrap_or_default()
        };
        let first = attempt("a").await;
        assert_eq!(first.len(), 1);
        assert_eq!(attempt("a").await, first, "the same message with the same receipt");
        assert!(attempt("b").await.is_empty());
        w.delete(&url, &first[0]).await;
        assert_eq!(attempt("a").await[0].body(), Some("2"), "what is done is not repeated");
    })
    .await;
}
