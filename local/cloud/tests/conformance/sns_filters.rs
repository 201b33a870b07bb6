//! Filter policies, on attributes and on the body.

use aws_sdk_sns::types::MessageAttributeValue;
use serde_json::{Value, json};

use crate::world::{World, refusal, world};

/// A message's attributes: name, type, value.
type Attributes<'a> = &'a [(&'a str, &'a str, &'a str)];

/// A topic, its subscribed queue, and the subscription.
struct Filtered {
    w: World,
    topic: String,
    url: String,
    subscription: String,
}

impl Filtered {
    async fn new(w: World, scope: &str) -> Self {
        let topic = w.topic("events").await;
        let url = w.subscriber(&topic, "orders", &[("RawMessageDelivery", "true")]).await;
        let list = w.sns.list_subscriptions_by_topic().topic_arn(&topic).send().await.unwrap();
        let subscription = list.subscriptions()[0].subscription_arn().unwrap().to_owned();
        let filtered = Self { w, topic, url, subscription };
        filtered.set("FilterPolicyScope", scope).await.unwrap();
        filtered
    }

    fn set(
        &self,
        name: &str,
        value: &str,
    ) -> impl Future<
        Output = Result<
            aws_sdk_sns::operation::set_subscription_attributes::SetSubscriptionAttributesOutput,
            aws_sdk_sns::error::SdkError<
                aws_sdk_sns::operation::set_subscription_attributes::SetSubscriptionAttributesError,
                aws_sdk_sns::config::http::HttpResponse,
            >,
        >,
    > {
        let set = self.w.sns.set_subscription_attributes().subscription_arn(&self.subscription);
        set.attribute_name(name).attribute_value(value).send()
    }

    /// Publishes; whether the queue got it.
    async fn passes(&self, body: &str, attributes: Attributes<'_>) -> bool {
        let publish = self.w.sns.publish().topic_arn(&self.topic).message(body);
        let publish = attributes.iter().fold(publish, |publish, (name, data_type, value)| {
            let value = MessageAttributeValue::builder().data_type(*data_type).string_value(*value);
            publish.message_attributes(*name, value.build().unwrap())
        });
        publish.send().await.unwrap();
        !self.w.drain(&self.url).await.is_empty()
    }

    async fn attributes(&self, policy: Value, pass: &[Attributes<'_>], stop: &[Attributes<'_>]) {
        self.set("FilterPolicy", &policy.to_string()).await.unwrap();
        self.settle().await;
        for attributes in pass {
            assert!(self.passes("x", attributes).await, "{policy} should pass {attributes:?}");
        }
        for attributes in stop {
            assert!(!self.passes("x", attributes).await, "{policy} should stop {attributes:?}");
        }
    }

    async fn bodies(&self, policy: Value, pass: &[Value], stop: &[Value]) {
        self.set("FilterPolicy", &policy.to_string()).await.unwrap();
        self.settle().await;
        for body in pass {
            assert!(self.passes(&body.to_string(), &[]).await, "{policy} should pass {body}");
        }
        for body in stop {
            assert!(!self.passes(&body.to_string(), &[]).await, "{policy} should stop {body}");
        }
    }

    /// AWS takes up to 15 minutes to notice a new policy, mostly seconds.
    async fn settle(&self) {
        if self.w.cloud.is_none() {
            tokio::time::sleep(std::time::Duration::from_secs(10)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn strings_in_attributes() {
    world(|w| async move {
        let f = Filtered::new(w, "MessageAttributes").await;
        let s = |value: &'static str| [("k", "String", value)];
        f.attributes(json!({ "k": ["a", "b"] }), &[&s("a"), &s("b")], &[&s("c"), &s("A"), &[]]).await;
        f.attributes(json!({ "k": [{ "prefix": "or" }] }), &[&s("order")], &[&s("border")]).await;
        f.attributes(json!({ "k": [{ "suffix": "er" }] }), &[&s("order")], &[&s("orders")]).await;
        f.attributes(json!({ "k": [{ "equals-ignore-case": "Tennis" }] }), &[&s("tENNIS")], &[&s("tenni")])
            .await;
        f.attributes(json!({ "k": [{ "cidr": "10.0.0.0/24" }] }), &[&s("10.0.0.7")], &[&s("10.0.1.7")]).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn anything_but_in_attributes() {
    world(|w| async move {
        let f = Filtered::new(w, "MessageAttributes").await;
        let s = |value: &'static str| [("k", "String", value)];
        let a = |value: &'static str| [("k", "String.Array", value)];
        let n = |value: &'static str| [("k", "Number", value)];
        f.attributes(json!({ "k": [{ "anything-but": "a" }] }), &[&s("b")], &[&s("a"), &[]]).await;
        let list = json!({ "k": [{ "anything-but": ["a", "b"] }] });
        let pass: [Attributes; 2] = [&s("c"), &a(r#"["a","c"]"#)];
        f.attributes(list, &pass, &[&s("a"), &s("b"), &a(r#"["a","b"]"#)]).await;
        let numbers = json!({ "k": [{ "anything-but": [100, 500] }] });
        f.attributes(numbers, &[&n("101")], &[&n("100"), &n("500.0")]).await;
        f.attributes(
            json!({ "k": [{ "anything-but": { "prefix": "or" } }] }),
            &[&s("border")],
            &[&s("order")],
        )
        .await;
        f.attributes(
            json!({ "k": [{ "anything-but": { "suffix": "er" } }] }),
            &[&s("orders")],
            &[&s("order")],
        )
        .await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn numbers_in_attributes() {
    world(|w| async move {
        let f = Filtered::new(w, "MessageAttributes").await;
        let n = |value: &'static str| [("k", "Number", value)];
        f.attributes(
            json!({ "k": [{ "numeric": ["=", 301.5] }] }),
            &[&n("301.5"), &n("3.015e2")],
            &[&n("3")],
        )
        .await;
        f.attributes(json!({ "k": [{ "numeric": [">", 5] }] }), &[&n("5.1")], &[&n("5")]).await;
        f.attributes(json!({ "k": [{ "numeric": [">=", 5] }] }), &[&n("5")], &[&n("4.9")]).await;
        f.attributes(json!({ "k": [{ "numeric": ["<", -5] }] }), &[&n("-6")], &[&n("-5")]).await;
        f.attributes(json!({ "k": [{ "numeric": ["<=", 5] }] }), &[&n("5")], &[&n("5.1")]).await;
        let range = json!({ "k": [{ "numeric": [">", 0, "<=", 150] }] });
        let text = [("k", "String", "100")];
        f.attributes(range, &[&n("0.1"), &n("150")], &[&n("0"), &n("151"), &text]).await;
        f.attributes(json!({ "k": [100] }), &[&n("100"), &n("100.0")], &[&n("101"), &text]).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn presence_and_lists_in_attributes() {
    world(|w| async move {
        let f = Filtered::new(w, "MessageAttributes").await;
        let a = |value: &'static str| [("k", "String.Array", value)];
        let (k, other) = ([("k", "String", "x")], [("other", "String", "x")]);
        f.attributes(json!({ "k": [{ "exists": true }] }), &[&k, &a("[1]")], &[&other, &[]]).await;
        f.attributes(json!({ "k": [{ "exists": false }] }), &[&other, &[]], &[&k]).await;
        f.attributes(
            json!({ "k": ["b", 3, null, true] }),
            &[&a(r#"["a","b"]"#), &a("[3]"), &a("[true]"), &a("[null]")],
            &[&a(r#"["a","3"]"#), &a("[false]")],
        )
        .await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn all_keys_and_one_of_the_alternatives() {
    world(|w| async move {
        let f = Filtered::new(w, "MessageAttributes").await;
        let policy =
            json!({ "source": ["a"], "$or": [{ "x": ["1"] }, { "y": [{ "prefix": "2" }], "z": ["3"] }] });
        let source = ("source", "String", "a");
        f.attributes(
            policy,
            &[&[source, ("x", "String", "1")], &[source, ("y", "String", "22"), ("z", "String", "3")]],
            &[&[source], &[source, ("y", "String", "22")], &[("x", "String", "1")]],
        )
        .await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_body_can_be_filtered_at_any_depth() {
    world(|w| async move {
        let f = Filtered::new(w, "MessageBody").await;
        f.bodies(
            json!({ "order": { "total": { "amount": [{ "numeric": [">=", 1000] }] }, "status": ["placed"] } }),
            &[json!({ "order": { "total": { "amount": 1000, "currency": "EUR" }, "status": "placed" } })],
            &[
                json!({ "order": { "total": { "amount": 999 }, "status": "placed" } }),
                json!({ "order": { "total": { "amount": "1000" }, "status": "placed" } }),
                json!({ "order": { "total": 1000, "status": "placed" } }),
                json!({ "total": { "amount": 1000 }, "status": "placed" }),
            ],
        )
        .await;
        f.bodies(
            json!({ "lines": { "sku": [{ "prefix": "shoe-" }] } }),
            &[json!({ "lines": [{ "sku": "hat-1" }, { "sku": "shoe-2" }] }), json!({ "lines": { "sku": "shoe-1" } })],
            &[json!({ "lines": [{ "sku": "hat-1" }] }), json!({ "lines": [] })],
        )
        .await;
        f.bodies(
            json!({ "customer": { "email": [{ "exists": false }] }, "kind": [{ "anything-but": ["test"] }] }),
            &[json!({ "customer": { "id": 1 }, "kind": "live" }), json!({ "kind": "live" })],
            &[json!({ "customer": { "email": "x" }, "kind": "live" }), json!({ "customer": {}, "kind": "test" })],
        )
        .await;
        assert!(!f.passes("no json", &[]).await);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_bad_policy_is_refused() {
    world(|w| async move {
        let f = Filtered::new(w, "MessageAttributes").await;
        let refused = async |policy: Value, reason: &str| {
            let (code, message) = refusal(f.set("FilterPolicy", &policy.to_string()).await);
            assert_eq!(code, "InvalidParameter", "{policy}");
            assert!(message.starts_with(&format!("Invalid parameter: {reason}")), "{policy}: {message}");
        };
        let nested = "Filter policy scope MessageAttributes does not support nested filter policy";
        refused(json!({ "a": { "b": ["c"] } }), nested).await;
        refused(json!({ "k": "v" }), "FilterPolicy: \"k\" must be an object or an array").await;
        refused(
            json!({ "k": [["v"]] }),
            "FilterPolicy: Match value must be String, number, true, false, or null",
        )
        .await;
        refused(
            json!({ "k": [{ "sounds-like": "v" }] }),
            "FilterPolicy: Unrecognized match type sounds-like",
        )
        .await;
        refused(json!({ "k": [{ "wildcard": "v*" }] }), "FilterPolicy: Unrecognized match type wildcard")
            .await;
        refused(
            json!({ "k": [{ "prefix": "a", "suffix": "b" }] }),
            "FilterPolicy: Only one key allowed in match expression",
        )
        .await;
        refused(
            json!({ "k": [{ "numeric": [">", 3, "<", 1] }] }),
            "FilterPolicy: Bottom must be less than top",
        )
        .await;
        let six = json!({ "a": ["1"], "b": ["1"], "c": ["1"], "d": ["1"], "e": ["1"], "f": ["1"] });
        refused(six, "FilterPolicy: Filter policy can not have more than 5 keys").await;
        let values = |count: usize| (0..count).collect::<Vec<_>>();
        refused(json!({ "a": values(151) }), "FilterPolicy: Filter policy is too complex").await;
        refused(json!({ "a": values(13), "b": values(12) }), "FilterPolicy: Filter policy is too complex")
            .await;
        let (code, message) = refusal(f.set("FilterPolicy", "{nonsense}").await);
        assert_eq!(code, "InvalidParameter");
        assert!(message.starts_with("Invalid parameter: FilterPolicy: failed to parse JSON."), "{message}");
        f.set("FilterPolicy", &json!({ "a": values(15), "b": values(10) }).to_string()).await.unwrap();
        let subscribe =
            f.w.sns.subscribe().topic_arn(&f.topic).protocol("sqs").endpoint(f.w.arn(&f.url).await);
        let (_, message) = refusal(subscribe.attributes("FilterPolicy", r#"{"k":[]}"#).send().await);
        assert!(message.starts_with("Invalid parameter: Attributes Reason: FilterPolicy: "), "{message}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn depth_counts_in_policies_on_the_body() {
    world(|w| async move {
        let f = Filtered::new(w, "MessageBody").await;
        let policy = |count: usize| {
            let values: Vec<_> = (0..count).collect();
            json!({ "a": { "b": { "c": values } }, "d": { "e": ["1", "2", "3", "4", "5"] } }).to_string()
        };
        f.set("FilterPolicy", &policy(5)).await.unwrap();
        let (_, message) = refusal(f.set("FilterPolicy", &policy(6)).await);
        assert_eq!(message, "Invalid parameter: FilterPolicy: Filter policy is too complex");
    })
    .await;
}
