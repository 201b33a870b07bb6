//! Topics and subscriptions: created, listed, changed, deleted.

use aws_sdk_sns::types::Tag;

use crate::world::{code, refusal, world};

#[tokio::test(start_paused = true)]
async fn the_same_topic_can_be_created_again() {
    world(|w| async move {
        let create = || w.sns.create_topic().name(w.name("events"));
        let arn = w.topic("events").await;
        assert_eq!(create().send().await.unwrap().topic_arn(), Some(arn.as_str()));
        let other = create().attributes("DisplayName", "Market").send().await;
        let (code, message) = refusal(other);
        assert_eq!(code, "InvalidParameter");
        assert!(message.ends_with("Topic already exists with different attributes"), "{message}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn names_are_letters_digits_hyphens_and_underscores() {
    world(|w| async move {
        let long = "x".repeat(257);
        for name in ["", "a.b", "a b", "events.fifo", long.as_str()] {
            assert_eq!(code(w.sns.create_topic().name(name).send().await), "InvalidParameter", "{name}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_topic_has_attributes() {
    world(|w| async move {
        let arn = w.topic("events").await;
        let set = |name: &str, value: &str| {
            let set = w.sns.set_topic_attributes().topic_arn(&arn).attribute_name(name);
            set.attribute_value(value).send()
        };
        set("DisplayName", "Märkte & <more>").await.unwrap();
        w.subscriber(&arn, "orders", &[]).await;
        let get = w.sns.get_topic_attributes().topic_arn(&arn).send().await.unwrap();
        let attributes = get.attributes.unwrap();
        assert_eq!(attributes["TopicArn"], arn);
        assert_eq!(attributes["DisplayName"], "Märkte & <more>");
        assert_eq!(attributes["SubscriptionsConfirmed"], "1");
        assert!(attributes["Policy"].contains("SNS:Publish"));
        assert_eq!(code(set("Colour", "red").await), "InvalidParameter");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_not_found() {
    world(|w| async move {
        let arn = w.topic("events").await;
        let missing = format!("{arn}-not");
        let get = |arn: &str| w.sns.get_topic_attributes().topic_arn(arn).send();
        let said = ("NotFound".to_owned(), "Topic does not exist".to_owned());
        assert_eq!(refusal(get(&missing).await), said);
        assert_eq!(refusal(w.sns.publish().topic_arn(&missing).message("x").send().await), said);
        let subscription = format!("{arn}:6e2baaf3-b97d-4eef-81c0-043275f9a0e7");
        let get_subscription =
            w.sns.get_subscription_attributes().subscription_arn(&subscription).send().await;
        assert_eq!(refusal(get_subscription).1, "Subscription does not exist");
        w.sns.unsubscribe().subscription_arn(&subscription).send().await.unwrap();
        let said = "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1";
        assert_eq!(refusal(get("nonsense").await), ("InvalidParameter".to_owned(), said.to_owned()));
        w.sns.delete_topic().topic_arn(&missing).send().await.unwrap();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn topics_are_listed() {
    world(|w| async move {
        if w.cloud.is_none() {
            return; // Others have topics too.
        }
        for number in 0..101 {
            w.topic(&format!("topic-{number:03}")).await;
        }
        let first = w.sns.list_topics().send().await.unwrap();
        assert_eq!(first.topics().len(), 100);
        let rest = w.sns.list_topics().set_next_token(first.next_token).send().await.unwrap();
        assert_eq!(rest.topics().len(), 1);
        assert_eq!(rest.next_token(), None);
        assert!(rest.topics()[0].topic_arn().unwrap().ends_with("topic-100"));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn subscriptions_come_and_go() {
    world(|w| async move {
        let topic = w.topic("events").await;
        let url = w.subscriber(&topic, "orders", &[("RawMessageDelivery", "true")]).await;
        let endpoint = w.arn(&url).await;
        let list = || w.sns.list_subscriptions_by_topic().topic_arn(&topic).send();
        let subscription = list().await.unwrap().subscriptions.unwrap().remove(0);
        assert_eq!(subscription.endpoint(), Some(endpoint.as_str()));
        assert_eq!((subscription.protocol(), subscription.topic_arn()), (Some("sqs"), Some(topic.as_str())));
        let arn = subscription.subscription_arn().unwrap();
        assert!(arn.starts_with(&format!("{topic}:")));
        let subscribe = || w.sns.subscribe().topic_arn(&topic).protocol("sqs").endpoint(&endpoint);
        let again = subscribe().attributes("RawMessageDelivery", "true").send().await.unwrap();
        assert_eq!(again.subscription_arn(), Some(arn));
        let other = subscribe().attributes("RawMessageDelivery", "false").send().await;
        assert_eq!(code(other), "InvalidParameter");
        w.sns.unsubscribe().subscription_arn(arn).send().await.unwrap();
        assert!(list().await.unwrap().subscriptions().is_empty());
        w.sns.publish().topic_arn(&topic).message("x").send().await.unwrap();
        assert!(w.receive(&url, 1).await.is_empty());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn only_what_makes_sense_is_subscribed() {
    world(|w| async move {
        let topic = w.topic("events").await;
        let (url, ordered) = (w.queue("orders", &[]).await, w.queue("orders.fifo", &[]).await);
        let (arn, ordered) = (w.arn(&url).await, w.arn(&ordered).await);
        let subscribe = |protocol: &str, endpoint: &str| {
            w.sns.subscribe().topic_arn(&topic).protocol(protocol).endpoint(endpoint)
        };
        let said = |message: &str| ("InvalidParameter".to_owned(), format!("Invalid parameter: {message}"));
        assert_eq!(refusal(subscribe("sqs", &url).send().await), said("SQS endpoint ARN"));
        assert_eq!(
            refusal(subscribe("pigeon", &arn).send().await),
            said("Amazon SNS does not support this protocol string: pigeon")
        );
        let (code, message) = refusal(subscribe("sqs", &ordered).send().await);
        assert_eq!(code, "InvalidParameter");
        assert!(message.ends_with("FIFO SQS Queues can not be subscribed to standard SNS topics"), "{message}");
        for (name, value, reason) in [
            ("RawMessageDelivery", "maybe", "RawMessageDelivery: Invalid value [maybe]. Must be true or false."),
            ("RedrivePolicy", r#"{"deadLetterTargetArn":"x"}"#, "RedrivePolicy: deadLetterTargetArn is an invalid arn"),
            (
                "FilterPolicyScope",
                "Elsewhere",
                "FilterPolicyScope: Invalid value [Elsewhere]. Please use either MessageBody or MessageAttributes",
            ),
        ] {
            let refused = refusal(subscribe("sqs", &arn).attributes(name, value).send().await);
            assert_eq!(refused, said(&format!("Attributes Reason: {reason}")));
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_has_attributes() {
    world(|w| async move {
        let topic = w.topic("events").await;
        let url = w.subscriber(&topic, "orders", &[]).await;
        let list = w.sns.list_subscriptions_by_topic().topic_arn(&topic).send().await.unwrap();
        let arn = list.subscriptions()[0].subscription_arn().unwrap();
        let get = async || {
            let get = w.sns.get_subscription_attributes().subscription_arn(arn).send().await;
            get.unwrap().attributes.unwrap()
        };
        let set = |name: &str, value: &str| {
            let set = w.sns.set_subscription_attributes().subscription_arn(arn).attribute_name(name);
            set.attribute_value(value).send()
        };
        let attributes = get().await;
        assert_eq!(attributes["Endpoint"], w.arn(&url).await);
        assert_eq!(attributes["RawMessageDelivery"], "false");
        assert_eq!(attributes["PendingConfirmation"], "false");
        assert!(!attributes.contains_key("FilterPolicyScope"));
        set("FilterPolicyScope", "MessageBody").await.unwrap();
        assert!(!get().await.contains_key("FilterPolicyScope"), "without a policy there is nothing in scope");
        set("FilterPolicy", r#"{"a":{"b":["c"]}}"#).await.unwrap();
        let attributes = get().await;
        assert_eq!(attributes["FilterPolicy"], r#"{"a":{"b":["c"]}}"#);
        assert_eq!(attributes["FilterPolicyScope"], "MessageBody");
        set("RawMessageDelivery", "true").await.unwrap();
        assert_eq!(get().await["RawMessageDelivery"], "true");
        assert_eq!(refusal(set("Colour", "red").await).1, "Invalid parameter: AttributeName");
        set("FilterPolicy", "").await.unwrap();
        assert!(!get().await.contains_key("FilterPolicy"));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn topics_have_tags() {
    world(|w| async move {
        let arn = w.topic("events").await;
        let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build().unwrap();
        let tags = || async {
            let list = w.sns.list_tags_for_resource().resource_arn(&arn).send().await.unwrap();
            list.tags.unwrap_or_default()
        };
        let add = w.sns.tag_resource().resource_arn(&arn).tags(tag("team", "a")).tags(tag("stage", "test"));
        add.send().await.unwrap();
        w.sns.tag_resource().resource_arn(&arn).tags(tag("team", "b")).send().await.unwrap();
        w.sns.untag_resource().resource_arn(&arn).tag_keys("stage").send().await.unwrap();
        assert_eq!(tags().await, [tag("team", "b")]);
        let missing = w.sns.list_tags_for_resource().resource_arn(format!("{arn}-not")).send().await;
        assert_eq!(code(missing), "ResourceNotFound");
    })
    .await;
}
