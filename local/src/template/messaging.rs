//! Queues, topics and what connects them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    error::{Result, TemplateError},
    typed::{self, Flag, Ignored, Text},
};

/// An SQS queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its URL.
    pub url: String,
    /// The attributes of the `CreateQueue` call that makes it.
    pub attributes: BTreeMap<String, String>,
    /// Seconds for which a received message is hidden.
    pub visibility: u32,
    /// The queue that messages go to after too many receives, by ARN.
    pub dead_letters: Option<String>,
}

/// Who may send to some queues.
#[derive(Clone, Debug, PartialEq)]
pub struct QueuePolicy {
    /// The queues' URLs.
    pub queues: Vec<String>,
    /// The policy document.
    pub document: Value,
}

/// An SNS topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
}

/// A subscription of a queue to a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The topic's ARN.
    pub topic: String,
    /// Such as `sqs`.
    pub protocol: String,
    /// The queue's ARN.
    pub endpoint: String,
    /// `RawMessageDelivery`, `FilterPolicy`, `FilterPolicyScope`, `RedrivePolicy` as `Subscribe` takes them.
    pub attributes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct QueueProperties {
    content_based_deduplication: Option<Text>,
    deduplication_scope: Option<Text>,
    delay_seconds: Option<Text>,
    fifo_queue: Option<Flag>,
    fifo_throughput_limit: Option<Text>,
    maximum_message_size: Option<Text>,
    message_retention_period: Option<Text>,
    receive_message_wait_time_seconds: Option<Text>,
    redrive_policy: Option<Value>,
    redrive_allow_policy: Option<Value>,
    visibility_timeout: Option<Text>,
    sqs_managed_sse_enabled: Option<Flag>,
    #[serde(rename = "KmsMasterKeyId")]
    _key: Option<Ignored>,
    #[serde(rename = "KmsDataKeyReusePeriodSeconds")]
    _key_reuse: Option<Ignored>,
    #[serde(rename = "QueueName")]
    _name: Option<Ignored>,
    #[serde(rename = "Tags")]
    _tags: Option<Ignored>,
}

pub(super) fn queue(properties: Value, path: &str, name: String, arn: String, url: String) -> Result<Queue> {
    let queue: QueueProperties = typed::parse(properties, path)?;
    let flag = |flag: Option<Flag>| flag.map(|flag| Text(flag.0.to_string()));
    let json = |value: Option<Value>| value.map(|value| Text(value.to_string()));
    let dead_letters = match &queue.redrive_policy {
        None => None,
        Some(policy) => {
            let target = policy.get("deadLetterTargetArn").and_then(Value::as_str).ok_or_else(|| {
                TemplateError::new(format!("{path}.RedrivePolicy"), "has no deadLetterTargetArn")
            })?;
            Some(target.to_owned())
        }
    };
    let visibility = match &queue.visibility_timeout {
        None => 30,
        Some(seconds) => seconds.0.parse().map_err(|_| {
            TemplateError::new(format!("{path}.VisibilityTimeout"), "isn't a number of seconds")
        })?,
    };
    let attributes = [
        ("ContentBasedDeduplication", queue.content_based_deduplication),
        ("DeduplicationScope", queue.deduplication_scope),
        ("DelaySeconds", queue.delay_seconds),
        ("FifoQueue", flag(queue.fifo_queue).filter(|fifo| fifo.0 == "true")),
        ("FifoThroughputLimit", queue.fifo_throughput_limit),
        ("MaximumMessageSize", queue.maximum_message_size),
        ("MessageRetentionPeriod", queue.message_retention_period),
        ("ReceiveMessageWaitTimeSeconds", queue.receive_message_wait_time_seconds),
        ("RedriveAllowPolicy", json(queue.redrive_allow_policy)),
        ("RedrivePolicy", json(queue.redrive_policy)),
        ("SqsManagedSseEnabled", flag(queue.sqs_managed_sse_enabled)),
        ("VisibilityTimeout", queue.visibility_timeout),
    ];
    let attributes = present(attributes);
    Ok(Queue { name, arn, url, attributes, visibility, dead_letters })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct QueuePolicyProperties {
    queues: Vec<String>,
    policy_document: Value,
}

pub(super) fn queue_policy(properties: Value, path: &str) -> Result<QueuePolicy> {
    let policy: QueuePolicyProperties = typed::parse(properties, path)?;
    Ok(QueuePolicy { queues: policy.queues, document: policy.policy_document })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TopicProperties {
    subscription: Option<Vec<Inline>>,
    #[serde(rename = "TopicName")]
    _name: Option<Ignored>,
    #[serde(rename = "DisplayName")]
    _display: Option<Ignored>,
    #[serde(rename = "KmsMasterKeyId")]
    _key: Option<Ignored>,
    #[serde(rename = "TracingConfig")]
    _tracing: Option<Ignored>,
    #[serde(rename = "DeliveryStatusLogging")]
    _logging: Option<Ignored>,
    #[serde(rename = "Tags")]
    _tags: Option<Ignored>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Inline {
    protocol: String,
    #[serde(rename = "Endpoint")]
    _endpoint: Ignored,
}

pub(super) fn topic(properties: Value, path: &str, name: String, arn: String) -> Result<Topic> {
    let topic: TopicProperties = typed::parse(properties, path)?;
    // Mail to an operator ends here; what feeds a queue has its own resource, where its settings fit.
    if let Some(inline) = topic.subscription.iter().flatten().find(|inline| inline.protocol != "email") {
        let reason =
            format!("local subscribes by AWS::SNS::Subscription only, not inline to {}", inline.protocol);
        return Err(TemplateError::new(format!("{path}.Subscription"), reason));
    }
    Ok(Topic { name, arn })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SubscriptionProperties {
    topic_arn: String,
    protocol: String,
    endpoint: String,
    filter_policy: Option<Map<String, Value>>,
    filter_policy_scope: Option<Text>,
    raw_message_delivery: Option<Flag>,
    redrive_policy: Option<Value>,
    #[serde(rename = "Region")]
    _region: Option<Ignored>,
}

pub(super) fn subscription(properties: Value, path: &str) -> Result<Subscription> {
    let subscription: SubscriptionProperties = typed::parse(properties, path)?;
    if subscription.protocol != "sqs" {
        let reason = format!("is {}, and local delivers to sqs only", subscription.protocol);
        return Err(TemplateError::new(format!("{path}.Protocol"), reason));
    }
    let attributes = [
        ("FilterPolicy", subscription.filter_policy.map(|policy| Text(Value::Object(policy).to_string()))),
        ("FilterPolicyScope", subscription.filter_policy_scope),
        ("RawMessageDelivery", subscription.raw_message_delivery.map(|raw| Text(raw.0.to_string()))),
        ("RedrivePolicy", subscription.redrive_policy.map(|policy| Text(policy.to_string()))),
    ];
    Ok(Subscription {
        topic: subscription.topic_arn,
        protocol: subscription.protocol,
        endpoint: subscription.endpoint,
        attributes: present(attributes),
    })
}

fn present<const N: usize>(attributes: [(&str, Option<Text>); N]) -> BTreeMap<String, String> {
    attributes.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.0))).collect()
}
