//! What a published message may be.
//!
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html>

use std::collections::BTreeMap;

use serde_json::Value;

use super::{errors, publish::Publishing};
use crate::{
    AwsError,
    sqs::{AttributeValue, MessageAttribute},
};

/// The largest message with its attributes, and the largest batch: 256 KiB.
pub(super) const MAX_BYTES: usize = 262_144;

/// What is asked of each message by itself.
pub(super) fn message(publishing: &Publishing) -> Result<(), AwsError> {
    if publishing.message.is_empty() {
        return Err(errors::invalid("Empty message"));
    }
    if let Some(subject) = &publishing.subject {
        let fits = (1..=100).contains(&subject.chars().count()) && !subject.chars().any(char::is_control);
        if !fits || subject.starts_with(' ') {
            return Err(errors::invalid("Subject"));
        }
    }
    attributes(&publishing.attributes)
}

/// Bytes that count towards the limits.
pub(super) fn size(publishing: &Publishing) -> usize {
    let attribute =
        |(name, it): (&String, &MessageAttribute)| name.len() + it.data_type.len() + it.value.len();
    publishing.message.len() + publishing.attributes.iter().map(attribute).sum::<usize>()
}

/// What an ordered topic asks of a message, and what an unordered one refuses.
pub(super) fn order(publishing: &Publishing, fifo: bool, by_content: bool) -> Result<(), AwsError> {
    match (fifo, &publishing.group, &publishing.deduplication) {
        (true, None, _) => Err(errors::invalid("The MessageGroupId parameter is required for FIFO topics")),
        (true, Some(_), None) if !by_content => Err(errors::invalid(
            "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided \
             explicitly",
        )),
        (false, _, Some(_)) => Err(errors::invalid(
            "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter \
                                 that is not valid for this topic type",
        )),
        _ => Ok(()),
    }
}

/// With `MessageStructure` `json`, the message for queues out of those for each protocol.
pub(super) fn structured(message: &str) -> Result<String, AwsError> {
    let parsed: Value = serde_json::from_str(message)
        .map_err(|_| errors::invalid("Message Structure - JSON message body failed to parse"))?;
    let Some(default) = parsed.get("default").and_then(Value::as_str) else {
        return Err(errors::invalid("Message Structure - No default entry in JSON message body"));
    };
    Ok(parsed.get("sqs").and_then(Value::as_str).unwrap_or(default).to_owned())
}

fn attributes(attributes: &BTreeMap<String, MessageAttribute>) -> Result<(), AwsError> {
    for (name, attribute) in attributes {
        name_of(name)?;
        let refuse = |what: String| Err(errors::bad_value(format!("The message attribute '{name}' {what}")));
        let data_type = attribute.data_type.as_str();
        let kind = data_type.split_once('.').map_or(data_type, |(kind, _)| kind);
        if !["String", "Number", "Binary"].contains(&kind) {
            let types = "the set of supported type prefixes is Binary, Number, and String.";
            return refuse(format!("has an invalid message attribute type, {types}"));
        }
        if attribute.value.is_empty() {
            let what = "must contain non-empty message attribute value for message attribute type";
            return refuse(format!("{what} '{data_type}'."));
        }
        match (kind, &attribute.value) {
            ("Binary", AttributeValue::Text(_)) => {
                return refuse("with type 'Binary' must use field 'Binary'.".into());
            }
            ("String" | "Number", AttributeValue::Binary(_)) => {
                return refuse(format!("with type '{kind}' must use field 'String'."));
            }
            ("Number", AttributeValue::Text(text)) if !text.parse::<f64>().is_ok_and(f64::is_finite) => {
                return refuse("has a value that is no number.".into());
            }
            _ => {}
        }
    }
    Ok(())
}

fn name_of(name: &str) -> Result<(), AwsError> {
    let characters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    let dots = name.starts_with('.') || name.ends_with('.') || name.contains("..");
    let lower = name.to_ascii_lowercase();
    let reserved = lower.starts_with("aws.") || lower.starts_with("amazon.");
    if name.is_empty() {
        return Err(errors::bad_value("The message attribute name must not be empty."));
    }
    if name.len() <= 256 && characters && !dots && !reserved {
        return Ok(());
    }
    let rule = "must contain only letters, digits, hyphens, underscores and single periods inside, up to 256, and \
                not start with AWS. or Amazon.";
    Err(errors::bad_value(format!("The message attribute name '{name}' {rule}")))
}
