//! The event that Lambda makes of a queue's messages.
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};
use souk_cloud::sqs::{AttributeValue, Received};

/// One message as a record of the event.
pub(super) fn record(message: &Received, queue: &str, region: &str) -> Value {
    let attributes: Map<String, Value> = message
        .message_attributes
        .iter()
        .map(|(name, attribute)| {
            let (key, value) = match &attribute.value {
                AttributeValue::Text(text) => ("stringValue", text.clone()),
                AttributeValue::Binary(bytes) => ("binaryValue", STANDARD.encode(bytes)),
            };
            let value = json!({
                key: value,
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": attribute.data_type,
            });
            (name.clone(), value)
        })
        .collect();
    let mut record = json!({
        "messageId": message.message_id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": message.attributes,
        "messageAttributes": attributes,
        "md5OfBody": message.md5_of_body,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue,
        "awsRegion": region,
    });
    if let (Some(md5), Some(map)) = (&message.md5_of_message_attributes, record.as_object_mut()) {
        map.insert("md5OfMessageAttributes".to_owned(), json!(md5));
    }
    record
}
