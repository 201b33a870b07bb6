//! FIFO topics: order and deduplication from publisher to queue.

use std::time::Duration;

use aws_sdk_sqs::types::MessageSystemAttributeName as System;

use crate::world::{code, refusal, system, world};

const RAW: [(&str, &str); 1] = [("RawMessageDelivery", "true")];

#[tokio::test(start_paused = true)]
async fn messages_of_a_group_arrive_in_order() {
    world(|w| async move {
        let topic = w.topic("events.fifo").await;
        let url = w.subscriber(&topic, "orders.fifo", &RAW).await;
        let standard = w.subscriber(&topic, "orders", &RAW).await;
        let mut numbers = Vec::new();
        for body in ["1", "2", "3"] {
            let publish = w.sns.publish().topic_arn(&topic).message(body).message_group_id("g");
            numbers.push(publish.send().await.unwrap().sequence_number.unwrap());
        }
        assert!(numbers.is_sorted());
        let messages = w.receive(&url, 10).await;
        let bodies: Vec<_> = messages.iter().filter_map(|message| message.body()).collect();
        assert_eq!(bodies, ["1", "2", "3"]);
        assert!(messages.iter().all(|message| system(message, &System::MessageGroupId) == "g"));
        assert_eq!(w.drain(&standard).await.len(), 3);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn duplicates_are_published_once_in_five_minutes() {
    world(|w| async move {
        let topic = w.topic("events.fifo").await;
        let url = w.subscriber(&topic, "orders", &RAW).await;
        let publish = |body: &str| {
            let publish = w.sns.publish().topic_arn(&topic).message(body).message_group_id("g");
            publish.message_deduplication_id("1").send()
        };
        let first = publish("first").await.unwrap();
        let second = publish("second").await.unwrap();
        assert_eq!(second.sequence_number(), first.sequence_number());
        if w.pass(Duration::from_secs(300)).await {
            publish("third").await.unwrap();
            let mut bodies = w.drain(&url).await;
            bodies.sort();
            assert_eq!(bodies, ["first", "third"]);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_ordered_message_needs_a_group() {
    world(|w| async move {
        let (topic, standard) = (w.topic("events.fifo").await, w.topic("events").await);
        let (invalid, message) = refusal(w.sns.publish().topic_arn(&topic).message("x").send().await);
        assert_eq!(invalid, "InvalidParameter");
        assert_eq!(message, "Invalid parameter: The MessageGroupId parameter is required for FIFO topics");
        let publish = w.sns.publish().topic_arn(&standard).message("x").message_deduplication_id("1");
        assert_eq!(code(publish.send().await), "InvalidParameter");
        let set = w.sns.set_topic_attributes().topic_arn(&topic).attribute_name("ContentBasedDeduplication");
        set.attribute_value("false").send().await.unwrap();
        let (_, message) =
            refusal(w.sns.publish().topic_arn(&topic).message("x").message_group_id("g").send().await);
        assert!(
            message.contains("The topic should either have ContentBasedDeduplication enabled"),
            "{message}"
        );
    })
    .await;
}
