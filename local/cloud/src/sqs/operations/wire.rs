//! Messages and attributes as JSON.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    AwsError,
    sqs::{
        AttributeValue, MessageAttribute, digest, errors,
        message::Received,
        send::{Sending, Sent},
    },
};

/// What `SendMessage` and an entry of `SendMessageBatch` have in common.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SendInput {
    #[serde(default)]
    message_body: String,
    delay_seconds: Option<i64>,
    #[serde(default)]
    message_attributes: BTreeMap<String, AttributeInput>,
    #[serde(default)]
    message_system_attributes: BTreeMap<String, AttributeInput>,
    message_deduplication_id: Option<String>,
    message_group_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttributeInput {
    data_type: String,
    string_value: Option<String>,
    binary_value: Option<String>,
    #[serde(default)]
    string_list_values: Vec<Value>,
    #[serde(default)]
    binary_list_values: Vec<Value>,
}

impl SendInput {
    pub fn into_sending(self) -> Result<Sending, AwsError> {
        let attributes =
            self.message_attributes.into_iter().map(|(name, it)| Ok((name, it.into_attribute()?)));
        let mut trace = None;
        for (name, it) in self.message_system_attributes {
            match (name.as_str(), it.into_attribute()?.value) {
                ("AWSTraceHeader", AttributeValue::Text(text)) => trace = Some(text),
                _ => {
                    return Err(errors::invalid(format!(
                        "Message system attribute name '{name}' is invalid."
                    )));
                }
            }
        }
        Ok(Sending {
            body: self.message_body,
            delay: self.delay_seconds,
            attributes: attributes.collect::<Result<_, AwsError>>()?,
            trace,
            group: self.message_group_id,
            deduplication: self.message_deduplication_id,
        })
    }
}

impl AttributeInput {
    fn into_attribute(self) -> Result<MessageAttribute, AwsError> {
        if !self.string_list_values.is_empty() || !self.binary_list_values.is_empty() {
            let message = "Message attribute list values are not supported.";
            return Err(AwsError::new("UnsupportedOperation", message));
        }
        let value = match (self.string_value, self.binary_value) {
            (Some(text), None) => AttributeValue::Text(text),
            (None, Some(base64)) => AttributeValue::Binary(
                STANDARD
                    .decode(base64)
                    .map_err(|e| AwsError::new("SerializationException", e.to_string()))?,
            ),
            // Refused later for being empty, or for being of two types at once.
            (None, None) => AttributeValue::Text(String::new()),
            (Some(_), Some(_)) => {
                return Err(errors::invalid("A message attribute can have one value only."));
            }
        };
        Ok(MessageAttribute { data_type: self.data_type, value })
    }
}

pub(super) fn sent(sent: Sent) -> Map<String, Value> {
    let mut output = Map::new();
    output.insert("MessageId".into(), sent.message_id.into());
    output.insert("MD5OfMessageBody".into(), sent.md5_of_body.into());
    let optional = [
        ("MD5OfMessageAttributes", sent.md5_of_attributes),
        ("MD5OfMessageSystemAttributes", sent.md5_of_system_attributes),
        ("SequenceNumber", sent.number),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            output.insert(name.into(), value.into());
        }
    }
    output
}

/// A received message with the attributes that were asked for.
pub(super) fn received(message: Received, system: &[String], user: &[String]) -> Value {
    let mut output = Map::new();
    output.insert("MessageId".into(), message.message_id.into());
    output.insert("ReceiptHandle".into(), message.receipt_handle.into());
    output.insert("MD5OfBody".into(), message.md5_of_body.into());
    output.insert("Body".into(), message.body.into());
    let wanted = |name: &String| system.iter().any(|wanted| wanted == "All" || wanted == name);
    let attributes: BTreeMap<_, _> =
        message.attributes.into_iter().filter(|(name, _)| wanted(name)).collect();
    if !attributes.is_empty() {
        output.insert("Attributes".into(), json!(attributes));
    }
    let mut attributes = message.message_attributes;
    attributes.retain(|name, _| user.iter().any(|wanted| selects(wanted, name)));
    // The digest is of what is returned, not of what was sent.
    if let Some(digest) = digest::of_attributes(&attributes) {
        output.insert("MD5OfMessageAttributes".into(), digest.into());
        let attributes: Map<String, Value> =
            attributes.into_iter().map(|(k, it)| (k, attribute(it))).collect();
        output.insert("MessageAttributes".into(), attributes.into());
    }
    output.into()
}

/// `All`, `.*`, `prefix.*`, or a name.
fn selects(wanted: &str, name: &str) -> bool {
    wanted == "All"
        || wanted == name
        || wanted.strip_suffix(".*").is_some_and(|prefix| name.starts_with(prefix))
}

fn attribute(attribute: MessageAttribute) -> Value {
    match attribute.value {
        AttributeValue::Text(text) => json!({ "DataType": attribute.data_type, "StringValue": text }),
        AttributeValue::Binary(bytes) => {
            json!({ "DataType": attribute.data_type, "BinaryValue": STANDARD.encode(bytes) })
        }
    }
}
