//! What a message may be: characters, sizes, names and types of attributes.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html>

use std::collections::BTreeMap;

use super::{AttributeValue, MessageAttribute, errors};
use crate::AwsError;

const MAX_ATTRIBUTES: usize = 10;

/// What counts towards the size limits: the body, and names, types and values of the user's attributes.
pub(super) fn size(body: &str, attributes: &BTreeMap<String, MessageAttribute>) -> usize {
    let attribute =
        |(name, it): (&String, &MessageAttribute)| name.len() + it.data_type.len() + it.value.len();
    body.len() + attributes.iter().map(attribute).sum::<usize>()
}

/// The characters of a body: those that XML 1.0 allows.
pub(super) fn body(body: &str) -> Result<(), AwsError> {
    if body.is_empty() {
        return Err(errors::missing("MessageBody"));
    }
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    match body.chars().all(allowed) {
        true => Ok(()),
        false => Err(AwsError::new(
            "InvalidMessageContents",
            "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to \
             #xFFFD | #x10000 to #x10FFFF",
        )),
    }
}

/// The user's attributes.
pub(super) fn attributes(attributes: &BTreeMap<String, MessageAttribute>) -> Result<(), AwsError> {
    if attributes.len() > MAX_ATTRIBUTES {
        let message =
            format!("Number of message attributes [{}] exceeds the allowed maximum [10].", attributes.len());
        return Err(errors::invalid(message));
    }
    attributes.iter().try_for_each(|(name, it)| attribute(name, it))
}

fn attribute(name: &str, attribute: &MessageAttribute) -> Result<(), AwsError> {
    attribute_name(name)?;
    let refuse = |what: &str| Err(errors::invalid(format!("The message attribute '{name}' {what}")));
    let data_type = attribute.data_type.as_str();
    let kind = data_type.split_once('.').map_or(data_type, |(kind, _)| kind);
    if data_type.len() > 256 {
        return refuse("has a type that is longer than 256 bytes.");
    }
    if attribute.value.is_empty() {
        let message =
            format!("Message (user) attribute '{name}' must contain a non-empty value of type '{kind}'.");
        return Err(errors::invalid(message));
    }
    match (kind, &attribute.value) {
        ("String", AttributeValue::Text(text)) => body(text),
        ("Number", AttributeValue::Text(text)) if is_number(text) => Ok(()),
        ("Number", AttributeValue::Text(_)) => refuse("has a value that is no number."),
        ("Binary", AttributeValue::Binary(_)) => Ok(()),
        ("String" | "Number" | "Binary", _) => refuse("has a value that is not of its type."),
        _ => refuse(
            "has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.",
        ),
    }
}

fn attribute_name(name: &str) -> Result<(), AwsError> {
    let characters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    let dots = name.starts_with('.') || name.ends_with('.') || name.contains("..");
    let lower = name.to_ascii_lowercase();
    let reserved = lower.starts_with("aws.") || lower.starts_with("amazon.");
    if !name.is_empty() && name.len() <= 256 && characters && !dots && !reserved {
        return Ok(());
    }
    let rule = "can contain only letters, digits, hyphens, underscores and single periods inside, up to 256, and \
                can't start with AWS. or Amazon.";
    Err(errors::invalid(format!("Invalid message attribute name '{name}': it {rule}")))
}

/// A decimal number of up to 38 digits.
fn is_number(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let starts = text.bytes().next().is_some_and(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte));
    starts && (1..=38).contains(&digits) && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// `MessageGroupId` and `MessageDeduplicationId`: letters, digits and punctuation, up to 128.
pub(super) fn id(parameter: &str, id: &str) -> Result<(), AwsError> {
    if (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    let reason =
        format!("{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length.");
    Err(errors::invalid_value(parameter, id, &reason))
}

/// The name of a queue.
pub(super) fn queue_name(name: &str, fifo: bool) -> Result<(), AwsError> {
    let stem = if fifo { name.strip_suffix(".fifo") } else { Some(name) };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if stem.is_some_and(|stem| !stem.is_empty() && stem.bytes().all(allowed)) && name.len() <= 80 {
        return Ok(());
    }
    Err(errors::invalid(if fifo {
        "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with \
         .fifo suffix and be 1 to 80 in length."
    } else {
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
    }))
}
