//! Delivery to queues: what they get, what they refuse, and what becomes of that.

use aws_sdk_sns::{primitives::Blob, types::MessageAttributeValue};
use aws_sdk_sqs::types::{MessageSystemAttributeName as System, QueueAttributeName as Name};
use serde_json::{Value, json};

use crate::world::{World, system, world};

fn attribute(data_type: &str, text: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder().data_type(data_type).string_value(text).build().unwrap()
}

async fn publish(w: &World, topic: &str, message: &str) -> String {
    let publish = w.sns.publish().topic_arn(topic).message(message).subject("A subject");
    let publish = publish.message_attributes("type", attribute("String", "order.placed"));
    let publish = publish.message_attributes("amount", attribute("Number", "12.5"));
    let binary =
        MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new(*b"\x02\x03\x04"));
    let publish = publish.message_attributes("bytes", binary.build().unwrap());
    publish.send().await.unwrap().message_id.unwrap()
}

#[tokio::test(start_paused = true)]
async fn raw_delivery_is_the_message_with_its_attributes() {
    world(|w| async move {
        let topic = w.topic("events").await;
        let url = w.subscriber(&topic, "orders", &[("RawMessageDelivery", "true")]).await;
        publish(&w, &topic, r#"{"id":1}"#).await;
        let message = w.one(&url).await;
        assert_eq!(message.body(), Some(r#"{"id":1}"#));
        let attributes = message.message_attributes().unwrap();
        assert_eq!(attributes.len(), 3);
        assert_eq!(attributes["type"].string_value(), Some("order.placed"));
        assert_eq!(
            (attributes["amount"].data_type(), attributes["amount"].string_value()),
            ("Number", Some("12.5"))
        );
        assert_eq!(attributes["bytes"].binary_value().unwrap().as_ref(), b"\x02\x03\x04");
        assert!(!system(&message, &System::SenderId).is_empty());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn otherwise_it_is_a_notification() {
    world(|w| async move {
        let topic = w.topic("events").await;
        let url = w.subscriber(&topic, "orders", &[]).await;
        let id = publish(&w, &topic, "text \"quoted\"").await;
        let message = w.one(&url).await;
        assert_eq!(message.message_attributes(), None);
        let body: Value = serde_json::from_str(message.body().unwrap()).unwrap();
        assert_eq!(body["Type"], "Notification");
        assert_eq!(body["MessageId"], id);
        assert_eq!(body["TopicArn"], topic);
        assert_eq!(body["Subject"], "A subject");
        assert_eq!(body["Message"], "text \"quoted\"");
        let expected = json!({
            "type": { "Type": "String", "Value": "order.placed" },
            "amount": { "Type": "Number", "Value": "12.5" },
            "bytes": { "Type": "Binary", "Value": "AgME" },
        });
        assert_eq!(body["MessageAttributes"], expected);
        let timestamp = body["Timestamp"].as_str().unwrap();
        assert!(
            timestamp.ends_with('Z') && timestamp.len() == "2026-01-01T00:00:00.000Z".len(),
            "{timestamp}"
        );
        assert_eq!(body["SignatureVersion"], "1");
        for field in ["Signature", "SigningCertURL"] {
            assert!(body[field].is_string());
        }
        assert!(body["UnsubscribeURL"].as_str().unwrap().contains(&format!("SubscriptionArn={topic}:")));

        w.delete(&url, &message).await;
        w.sns.publish().topic_arn(&topic).message("plain").send().await.unwrap();
        let body: Value = serde_json::from_str(w.one(&url).await.body().unwrap()).unwrap();
        assert!(body.get("Subject").is_none() && body.get("MessageAttributes").is_none());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn every_subscriber_gets_a_message() {
    world(|w| async move {
        let topic = w.topic("events").await;
        let raw = [("RawMessageDelivery", "true")];
        let urls = [w.subscriber(&topic, "one", &raw).await, w.subscriber(&topic, "two", &raw).await];
        w.sns.publish().topic_arn(&topic).message("x").send().await.unwrap();
        for url in urls {
            assert_eq!(w.drain(&url).await, ["x"]);
        }
    })
    .await;
}

/// A topic, a queue that doesn't know it, and the subscription's ARN.
async fn stranger(w: &World) -> (String, String, String) {
    let topic = w.topic("events").await;
    let url = w.queue("orders", &[]).await;
    let subscribe = w.sns.subscribe().topic_arn(&topic).protocol("sqs").endpoint(w.arn(&url).await);
    let subscription = subscribe.attributes("RawMessageDelivery", "true").return_subscription_arn(true);
    (topic, url, subscription.send().await.unwrap().subscription_arn.unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_queue_takes_only_what_its_policy_allows() {
    world(|w| async move {
        let (topic, url, _) = stranger(&w).await;
        let arn = w.arn(&url).await;
        let received = async |policy: Value| {
            w.set(&url, Name::Policy, &policy.to_string()).await;
            w.sns.publish().topic_arn(&topic).message("x").send().await.unwrap();
            !w.drain(&url).await.is_empty()
        };
        w.sns.publish().topic_arn(&topic).message("x").send().await.unwrap();
        assert!(w.drain(&url).await.is_empty(), "without a policy");
        if w.cloud.is_none() {
            return; // AWS takes a while to notice a new policy.
        }
        let statement = |changes: Value| {
            let mut statement = json!({
                "Effect": "Allow",
                "Principal": { "Service": "sns.amazonaws.com" },
                "Action": "sqs:SendMessage",
                "Resource": arn,
            });
            statement.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            statement
        };
        let policy = |changes: Value| json!({ "Version": "2012-10-17", "Statement": statement(changes) });
        let condition =
            |operator: &str, key: &str, value: &str| json!({ "Condition": { operator: { key: value } } });
        let (other, account) = (topic.replace("events", "others"), topic.split(':').nth(4).unwrap());
        let allowed = [
            json!({}),
            json!({ "Principal": "*" }),
            json!({ "Principal": { "AWS": "*" } }),
            json!({ "Principal": { "Service": ["events.amazonaws.com", "sns.amazonaws.com"] } }),
            json!({ "Action": ["SQS:SendMessage", "sqs:ReceiveMessage"] }),
            json!({ "Action": "sqs:*" }),
            json!({ "Resource": "*" }),
            condition("ArnEquals", "aws:SourceArn", &topic),
            condition("ArnLike", "AWS:SourceArn", &topic.replace("events", "ev*")),
            condition("StringEquals", "aws:SourceArn", &topic),
            condition("StringEquals", "aws:SourceAccount", account),
            json!({ "Condition": { "ArnEquals": { "aws:SourceArn": [other, topic] } } }),
        ];
        for changes in allowed {
            assert!(received(policy(changes.clone())).await, "{changes}");
        }
        let refused = [
            json!({ "Principal": { "Service": "events.amazonaws.com" } }),
            json!({ "Principal": { "AWS": "111111111111" } }),
            json!({ "Action": "sqs:ReceiveMessage" }),
            json!({ "Resource": format!("{arn}-not") }),
            json!({ "Effect": "Deny" }),
            condition("ArnEquals", "aws:SourceArn", &other),
            condition("ArnLike", "aws:SourceArn", &topic.replace("events", "x*")),
            condition("StringEquals", "aws:SourceArn", &topic.replace("events", "*")),
            condition("StringEquals", "aws:SourceAccount", "111111111111"),
            condition("StringEquals", "aws:PrincipalTag/colour", "red"),
            condition("NumericEquals", "aws:SourceArn", &topic),
        ];
        for changes in refused {
            assert!(!received(policy(changes.clone())).await, "{changes}");
        }
        let deny = statement(json!({ "Effect": "Deny", "Principal": "*" }));
        let both = json!({ "Statement": [statement(json!({})), deny] });
        assert!(!received(both).await, "a denial counts more");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_goes_to_the_dead_letter_queue_of_the_subscription() {
    world(|w| async move {
        let (topic, url, subscription) = stranger(&w).await;
        let dead = w.queue("dead", &[]).await;
        w.allow(&dead, "sns.amazonaws.com", &topic).await;
        let redrive = json!({ "deadLetterTargetArn": w.arn(&dead).await }).to_string();
        let set = w.sns.set_subscription_attributes().subscription_arn(&subscription);
        set.attribute_name("RedrivePolicy").attribute_value(redrive).send().await.unwrap();
        publish(&w, &topic, "refused").await;
        assert!(w.receive(&url, 1).await.is_empty());
        let message = w.one(&dead).await;
        assert_eq!(message.body(), Some("refused"));
        assert_eq!(message.message_attributes().unwrap()["type"].string_value(), Some("order.placed"));
        w.delete(&dead, &message).await;

        w.sqs.delete_queue().queue_url(&url).send().await.unwrap();
        if w.cloud.is_some() {
            publish(&w, &topic, "for nobody").await;
            assert_eq!(w.drain(&dead).await, ["for nobody"]);
            w.set(&dead, Name::Policy, "").await;
            publish(&w, &topic, "lost").await;
            assert!(w.drain(&dead).await.is_empty(), "the dead-letter queue must let SNS in, too");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn raw_delivery_of_more_than_ten_attributes_fails() {
    world(|w| async move {
        let topic = w.topic("events").await;
        let raw = w.subscriber(&topic, "raw", &[("RawMessageDelivery", "true")]).await;
        let wrapped = w.subscriber(&topic, "wrapped", &[]).await;
        let publish = (0..11).fold(w.sns.publish().topic_arn(&topic).message("x"), |publish, number| {
            publish.message_attributes(format!("name-{number}"), attribute("String", "x"))
        });
        publish.send().await.unwrap();
        assert_eq!(w.drain(&wrapped).await.len(), 1);
        assert!(w.drain(&raw).await.is_empty());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_key_that_aws_manages_for_queues_lets_no_topic_in() {
    world(|w| async move {
        let topic = w.topic("events").await;
        let url = w.subscriber(&topic, "orders", &[("RawMessageDelivery", "true")]).await;
        w.set(&url, Name::KmsMasterKeyId, "alias/aws/sqs").await;
        w.sns.publish().topic_arn(&topic).message("x").send().await.unwrap();
        assert!(w.drain(&url).await.is_empty());
    })
    .await;
}
