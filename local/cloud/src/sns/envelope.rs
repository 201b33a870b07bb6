//! What a queue gets without raw delivery: the message in a JSON document.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde::Serialize;

use super::{subscription::Subscription, topic::Published};
use crate::sqs::{AttributeValue, MessageAttribute};

/// In the order in which SNS writes the fields.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Notification<'a> {
    #[serde(rename = "Type")]
    kind: &'static str,
    message_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence_number: Option<&'a str>,
    topic_arn: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    message: &'a str,
    timestamp: String,
    signature_version: &'static str,
    signature: &'static str,
    #[serde(rename = "SigningCertURL")]
    signing_cert_url: String,
    #[serde(rename = "UnsubscribeURL")]
    unsubscribe_url: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    message_attributes: BTreeMap<&'a str, Attribute<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute<'a> {
    #[serde(rename = "Type")]
    kind: &'a str,
    value: String,
}

/// What goes into the document.
pub(super) struct Contents<'a> {
    pub published: &'a Published,
    pub subject: Option<&'a str>,
    pub message: &'a str,
    pub attributes: &'a BTreeMap<String, MessageAttribute>,
    pub at: Timestamp,
    pub region: &'a str,
}

/// The document. Its signature is one in form only: nobody here has the key of AWS.
pub(super) fn wrap(contents: &Contents, subscription: &Subscription) -> Result<String, serde_json::Error> {
    let host = format!("https://sns.{}.amazonaws.com", contents.region);
    let value = |value: &AttributeValue| match value {
        AttributeValue::Text(text) => text.clone(),
        AttributeValue::Binary(bytes) => STANDARD.encode(bytes),
    };
    serde_json::to_string(&Notification {
        kind: "Notification",
        message_id: &contents.published.message_id,
        sequence_number: contents.published.number.as_deref(),
        topic_arn: &subscription.topic_arn,
        subject: contents.subject,
        message: contents.message,
        timestamp: format!("{:.3}", contents.at),
        signature_version: "1",
        signature: "RW11bGF0ZWQ=",
        signing_cert_url: format!("{host}/SimpleNotificationService-emulated.pem"),
        unsubscribe_url: format!("{host}/?Action=Unsubscribe&SubscriptionArn={}", subscription.arn),
        message_attributes: contents
            .attributes
            .iter()
            .map(|(name, it)| (name.as_str(), Attribute { kind: &it.data_type, value: value(&it.value) }))
            .collect(),
    })
}
