//! Publishing: what a message may be, alone and in batches.

use aws_sdk_sns::{
    primitives::Blob,
    types::{MessageAttributeValue, PublishBatchRequestEntry},
};

use crate::world::{code, refusal, world};

fn attribute(data_type: &str, text: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder().data_type(data_type).string_value(text).build().unwrap()
}

fn entry(id: &str, message: &str) -> PublishBatchRequestEntry {
    PublishBatchRequestEntry::builder().id(id).message(message).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_message_has_a_text_and_perhaps_a_subject() {
    world(|w| async move {
        let topic = w.topic("events").await;
        let publish = |message: &str| w.sns.publish().topic_arn(&topic).message(message);
        assert!(publish("x").send().await.unwrap().message_id().is_some());
        publish("x").subject("s".repeat(100)).send().await.unwrap();
        w.sns.publish().target_arn(&topic).message("x").send().await.unwrap();
        let said = |message: &str| ("InvalidParameter".to_owned(), format!("Invalid parameter: {message}"));
        assert_eq!(refusal(publish("").send().await), said("Empty message"));
        for subject in ["".to_owned(), "s".repeat(101), "line\nbreak".to_owned()] {
            assert_eq!(refusal(publish("x").subject(subject).send().await), said("Subject"));
        }
        assert_eq!(code(w.sns.publish().message("x").send().await), "InvalidParameter");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_quarter_mebibyte_is_the_limit_attributes_included() {
    world(|w| async move {
        let topic = w.topic("events").await;
        let publish = |size: usize| {
            let publish = w.sns.publish().topic_arn(&topic).message("x".repeat(size));
            publish.message_attributes("name", attribute("String", "12345")).send()
        };
        publish(262_144 - 15).await.unwrap();
        assert_eq!(refusal(publish(262_144 - 14).await).1, "Invalid parameter: Message too long");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_message_can_have_a_text_for_each_protocol() {
    world(|w| async move {
        let topic = w.topic("events").await;
        let url = w.subscriber(&topic, "orders", &[("RawMessageDelivery", "true")]).await;
        let publish =
            |json: &str| w.sns.publish().topic_arn(&topic).message_structure("json").message(json).send();
        publish(r#"{"default":"all","sqs":"queues"}"#).await.unwrap();
        assert_eq!(w.drain(&url).await, ["queues"]);
        publish(r#"{"default":"all","email":"people"}"#).await.unwrap();
        assert_eq!(w.drain(&url).await, ["all"]);
        let said = |message: &str| format!("Invalid parameter: Message Structure - {message}");
        assert_eq!(refusal(publish(r#"{"sqs":"x"}"#).await).1, said("No default entry in JSON message body"));
        assert_eq!(refusal(publish("text").await).1, said("JSON message body failed to parse"));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn attributes_are_typed() {
    world(|w| async move {
        let topic = w.topic("events").await;
        let publish = |value: MessageAttributeValue| {
            w.sns.publish().topic_arn(&topic).message("x").message_attributes("attr1", value).send()
        };
        let binary = |bytes: &[u8], data_type: &str| {
            let value = MessageAttributeValue::builder().data_type(data_type).binary_value(Blob::new(bytes));
            value.build().unwrap()
        };
        for value in
            [attribute("String", "x"), attribute("String.Array", "[1]"), attribute("Number", "7"), binary(b"x", "Binary")]
        {
            publish(value).await.unwrap();
        }
        let cases = [
            (
                attribute("String", ""),
                "The message attribute 'attr1' must contain non-empty message attribute value for message attribute \
                 type 'String'.",
            ),
            (binary(b"x", "String"), "The message attribute 'attr1' with type 'String' must use field 'String'."),
            (binary(b"x", "Number"), "The message attribute 'attr1' with type 'Number' must use field 'String'."),
            (attribute("Binary", "x"), "The message attribute 'attr1' with type 'Binary' must use field 'Binary'."),
        ];
        for (value, message) in cases {
            assert_eq!(refusal(publish(value).await), ("ParameterValueInvalid".to_owned(), message.to_owned()));
        }
        for value in [attribute("Colour", "red"), attribute("Number", "seven")] {
            assert_eq!(code(publish(value).await), "ParameterValueInvalid");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_batch_has_one_to_ten_entries_with_ids_of_their_own() {
    world(|w| async move {
        let topic = w.topic("events").await;
        let url = w.subscriber(&topic, "orders", &[("RawMessageDelivery", "true")]).await;
        let publish = |entries: Vec<_>| {
            w.sns.publish_batch().topic_arn(&topic).set_publish_batch_request_entries(Some(entries)).send()
        };
        let numbered = |count: usize| (0..count).map(|n| entry(&n.to_string(), &n.to_string())).collect();
        let done = publish(numbered(10)).await.unwrap();
        assert_eq!((done.successful().len(), done.failed().len()), (10, 0));
        assert!(done.successful().iter().all(|it| it.message_id().is_some()));
        assert_eq!(w.drain(&url).await.len(), 10);

        assert_eq!(code(publish(vec![]).await), "EmptyBatchRequest");
        let said = "The batch request contains more entries than permissible.".to_owned();
        assert_eq!(refusal(publish(numbered(11)).await), ("TooManyEntriesInBatchRequest".to_owned(), said));
        let said = "Two or more batch entries in the request have the same Id.".to_owned();
        let twice = publish(vec![entry("a", "x"), entry("a", "y")]).await;
        assert_eq!(refusal(twice), ("BatchEntryIdsNotDistinct".to_owned(), said));
        for id in ["", "a b", "x".repeat(81).as_str()] {
            assert_eq!(code(publish(vec![entry(id, "x")]).await), "InvalidBatchEntryId", "{id}");
        }
        let half = "x".repeat(131_072);
        publish(vec![entry("a", &half), entry("b", &half)]).await.unwrap();
        let long = publish(vec![entry("a", &half), entry("b", &half), entry("c", "x")]).await;
        assert_eq!(code(long), "BatchRequestTooLong");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_fails_is_told_from_those_that_do_not() {
    world(|w| async move {
        let Some(cloud) = &w.cloud else { return };
        let topic = w.topic("events").await;
        let url = w.subscriber(&topic, "orders", &[("RawMessageDelivery", "true")]).await;
        cloud.sns.fail_entries(Some(std::sync::Arc::new(|id| id == "b")));
        let publish = |ids: &[&str]| {
            let entries = ids.iter().map(|id| entry(id, id)).collect();
            w.sns.publish_batch().topic_arn(&topic).set_publish_batch_request_entries(Some(entries)).send()
        };
        let done = publish(&["a", "b", "c"]).await.unwrap();
        let ids: Vec<_> = done.successful().iter().filter_map(|it| it.id()).collect();
        assert_eq!(ids, ["a", "c"]);
        let failed = &done.failed()[0];
        assert_eq!((failed.id(), failed.code(), failed.sender_fault()), ("b", "InternalError", false));
        assert_eq!(w.drain(&url).await, ["a", "c"]);
        cloud.sns.fail_entries(None);
        assert_eq!(publish(&["b"]).await.unwrap().failed().len(), 0);
    })
    .await;
}
