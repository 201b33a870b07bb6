//! The attributes of queues: what they are by default, what they may be, what they say.

use std::collections::HashMap;

use aws_sdk_sqs::types::QueueAttributeName as Name;

use crate::world::{code, refusal, world};

#[tokio::test(start_paused = true)]
async fn a_queue_has_defaults() {
    world(|w| async move {
        let url = w.queue("orders", &[]).await;
        let all =
            w.sqs.get_queue_attributes().queue_url(&url).attribute_names(Name::All).send().await.unwrap();
        let mut all = all.attributes.unwrap();
        assert!(all.remove(&Name::QueueArn).unwrap().ends_with(&w.name("orders")));
        let created = all.remove(&Name::CreatedTimestamp).unwrap();
        assert!(created.parse::<i64>().unwrap() > 1_500_000_000);
        assert_eq!(all.remove(&Name::LastModifiedTimestamp), Some(created));
        let expected = [
            (Name::VisibilityTimeout, "30"),
            (Name::MaximumMessageSize, "1048576"),
            (Name::MessageRetentionPeriod, "345600"),
            (Name::DelaySeconds, "0"),
            (Name::ReceiveMessageWaitTimeSeconds, "0"),
            (Name::SqsManagedSseEnabled, "true"),
            (Name::ApproximateNumberOfMessages, "0"),
            (Name::ApproximateNumberOfMessagesNotVisible, "0"),
            (Name::ApproximateNumberOfMessagesDelayed, "0"),
        ];
        assert_eq!(all, expected.map(|(name, value)| (name, value.to_owned())).into());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_fifo_queue_has_more_of_them() {
    world(|w| async move {
        let url = w.queue("orders.fifo", &[]).await;
        for (name, value) in [
            (Name::FifoQueue, "true"),
            (Name::ContentBasedDeduplication, "false"),
            (Name::DeduplicationScope, "queue"),
            (Name::FifoThroughputLimit, "perQueue"),
        ] {
            assert_eq!(w.attribute(&url, name).await.as_deref(), Some(value));
        }
        let standard = w.queue("orders", &[]).await;
        assert_eq!(w.attribute(&standard, Name::FifoQueue).await, None);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn values_have_ranges() {
    world(|w| async move {
        let url = w.queue("orders", &[]).await;
        let ranges = [
            (Name::VisibilityTimeout, 0, 43_200),
            (Name::MaximumMessageSize, 1_024, 1_048_576),
            (Name::MessageRetentionPeriod, 60, 1_209_600),
            (Name::DelaySeconds, 0, 900),
            (Name::ReceiveMessageWaitTimeSeconds, 0, 20),
        ];
        for (name, least, most) in ranges {
            for value in [least, most] {
                w.set(&url, name.clone(), &value.to_string()).await;
                assert_eq!(w.attribute(&url, name.clone()).await, Some(value.to_string()));
            }
            for value in [(least - 1).to_string(), (most + 1).to_string(), "x".to_owned(), String::new()] {
                let set = w.sqs.set_queue_attributes().queue_url(&url).attributes(name.clone(), &value);
                let (code, message) = refusal(set.send().await);
                assert_eq!(code, "InvalidAttributeValue", "{name} = {value}");
                assert!(message.contains(name.as_str()), "{message}");
            }
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn unknown_attributes_are_refused() {
    world(|w| async move {
        let url = w.queue("orders", &[]).await;
        let set = |name: Name| w.sqs.set_queue_attributes().queue_url(&url).attributes(name, "true").send();
        let (code, message) = refusal(set(Name::from("Colour")).await);
        assert_eq!((code.as_str(), message.as_str()), ("InvalidAttributeName", "Unknown Attribute Colour."));
        assert_eq!(refusal(set(Name::FifoQueue).await).0, "InvalidAttributeName");
        assert_eq!(refusal(set(Name::ContentBasedDeduplication).await).0, "InvalidAttributeName");
        let get =
            w.sqs.get_queue_attributes().queue_url(&url).attribute_names(Name::from("Colour")).send().await;
        assert_eq!(refusal(get).0, "InvalidAttributeName");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_queue_stays_of_its_type() {
    world(|w| async move {
        let url = w.queue("orders.fifo", &[]).await;
        let set =
            w.sqs.set_queue_attributes().queue_url(&url).attributes(Name::FifoQueue, "false").send().await;
        let (code, message) = refusal(set);
        assert_eq!(code, "InvalidAttributeValue");
        assert!(message.ends_with("Modifying queue type is not supported."), "{message}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn throughput_by_group_needs_deduplication_by_group() {
    world(|w| async move {
        let url = w.queue("orders.fifo", &[]).await;
        let set = |attributes: &[(Name, &str)]| {
            let attributes = attributes.iter().map(|(name, value)| (name.clone(), (*value).to_owned()));
            let attributes: HashMap<_, _> = attributes.collect();
            w.sqs.set_queue_attributes().queue_url(&url).set_attributes(Some(attributes)).send()
        };
        let alone = [(Name::FifoThroughputLimit, "perMessageGroupId")];
        assert_eq!(code(set(&alone).await), "InvalidAttributeValue");
        set(&[alone[0].clone(), (Name::DeduplicationScope, "messageGroup")]).await.unwrap();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn one_encryption_at_a_time() {
    world(|w| async move {
        let url = w.queue("orders", &[(Name::KmsMasterKeyId, "alias/aws/sqs")]).await;
        assert_eq!(w.attribute(&url, Name::SqsManagedSseEnabled).await.as_deref(), Some("false"));
        let both =
            w.sqs.set_queue_attributes().queue_url(&url).attributes(Name::KmsMasterKeyId, "alias/aws/sqs");
        let both = both.attributes(Name::SqsManagedSseEnabled, "true").send().await;
        assert_eq!(code(both), "InvalidAttributeName");
        w.set(&url, Name::SqsManagedSseEnabled, "true").await;
        assert_eq!(w.attribute(&url, Name::KmsMasterKeyId).await, None);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn policies_must_be_policies() {
    world(|w| async move {
        let url = w.queue("orders", &[]).await;
        for policy in ["text", "{}", r#"{"Statement":[{"Effect":"Maybe","Principal":"*","Action":"*"}]}"#] {
            let set =
                w.sqs.set_queue_attributes().queue_url(&url).attributes(Name::Policy, policy).send().await;
            assert_eq!(code(set), "InvalidAttributeValue", "{policy}");
        }
    })
    .await;
}
