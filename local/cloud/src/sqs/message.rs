//! Messages: what a sender gives, what a receiver gets, and what a queue keeps in between.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::digest;

/// A user's attribute of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageAttribute {
    /// `String`, `Number` or `Binary`, possibly with a label: `Number.int`.
    pub data_type: String,
    /// The value.
    pub value: AttributeValue,
}

impl MessageAttribute {
    /// An attribute of the type `String`.
    pub fn text(value: impl Into<String>) -> Self {
        Self { data_type: "String".into(), value: AttributeValue::Text(value.into()) }
    }
}

/// The value of a user's attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttributeValue {
    /// Of a `String` or a `Number`.
    Text(String),
    /// Of a `Binary`.
    Binary(Vec<u8>),
}

impl AttributeValue {
    /// The length that counts towards the size limits, in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A message that another service delivers to a queue.
#[derive(Clone, Debug, Default)]
pub struct Outgoing {
    /// The body.
    pub body: String,
    /// The user's attributes.
    pub message_attributes: BTreeMap<String, MessageAttribute>,
    /// `MessageGroupId`.
    pub group: Option<String>,
    /// `MessageDeduplicationId`.
    pub deduplication: Option<String>,
}

/// A message as a receiver gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The id that the sender was told.
    pub message_id: String,
    /// What deletes the message or changes its visibility, for this receive only.
    pub receipt_handle: String,
    /// The body.
    pub body: String,
    /// MD5 of the body, in hexadecimal.
    pub md5_of_body: String,
    /// All system attributes: `ApproximateReceiveCount`, `SentTimestamp`, `SenderId`, ….
    pub attributes: BTreeMap<String, String>,
    /// All of the user's attributes.
    pub message_attributes: BTreeMap<String, MessageAttribute>,
    /// MD5 of the user's attributes, if there are any.
    pub md5_of_message_attributes: Option<String>,
}

/// What never changes in a message while it stays in the service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Content {
    pub id: String,
    pub body: String,
    pub md5: String,
    pub attributes: BTreeMap<String, MessageAttribute>,
    /// `AWSTraceHeader`, the one system attribute that a sender may set.
    pub trace: Option<String>,
    pub sender: String,
    /// Milliseconds.
    pub sent: i64,
    #[serde(with = "shared")]
    pub group: Option<Arc<str>>,
    pub deduplication: Option<String>,
    /// `SequenceNumber`, in FIFO queues.
    pub number: Option<String>,
}

/// A message in a queue.
#[derive(Clone, Debug)]
pub(super) struct Message {
    /// The order of arrival, unique in the service.
    pub seq: u64,
    pub content: Arc<Content>,
    /// From when the retention period counts, in milliseconds.
    pub enqueued: i64,
    pub receives: u32,
    pub first_received: Option<i64>,
    pub last_received: Option<i64>,
    /// What the latest receipt handle carries; 0 before the first receive.
    pub receipt: u64,
    /// The ARN of the queue that gave up on it.
    pub dead_letter_source: Option<String>,
    pub whereabouts: Whereabouts,
}

/// Where a message is; times in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whereabouts {
    /// To be received, since then.
    Visible(i64),
    /// Received, hidden until then.
    InFlight(i64),
    /// Sent with a delay, hidden until then.
    Delayed(i64),
}

impl Whereabouts {
    pub fn moment(self) -> i64 {
        match self {
            Self::Visible(at) | Self::InFlight(at) | Self::Delayed(at) => at,
        }
    }
}

impl Message {
    /// The message as its receiver gets it, with every attribute.
    pub fn to_received(&self, receipt_handle: String) -> Received {
        let content = &self.content;
        let mut attributes = BTreeMap::from([
            ("SenderId".into(), content.sender.clone()),
            ("SentTimestamp".into(), content.sent.to_string()),
            ("ApproximateReceiveCount".into(), self.receives.to_string()),
        ]);
        let optional = [
            ("ApproximateFirstReceiveTimestamp", self.first_received.map(|at| at.to_string())),
            ("MessageGroupId", content.group.as_ref().map(ToString::to_string)),
            ("MessageDeduplicationId", content.deduplication.clone()),
            ("SequenceNumber", content.number.clone()),
            ("AWSTraceHeader", content.trace.clone()),
            ("DeadLetterQueueSourceArn", self.dead_letter_source.clone()),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                attributes.insert(name.into(), value);
            }
        }
        Received {
            message_id: content.id.clone(),
            receipt_handle,
            body: content.body.clone(),
            md5_of_body: content.md5.clone(),
            attributes,
            md5_of_message_attributes: digest::of_attributes(&content.attributes),
            message_attributes: content.attributes.clone(),
        }
    }
}

/// A shared string in JSON, without serde's feature for it, which would rebuild half of the dependencies.
mod shared {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(value: &Option<Arc<str>>, serializer: S) -> Result<S::Ok, S::Error> {
        value.as_deref().serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Arc<str>>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map(Arc::from))
    }
}
