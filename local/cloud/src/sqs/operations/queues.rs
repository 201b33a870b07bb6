//! Queues: creating, finding, changing, tagging, deleting.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{nothing, queue_name, read, text};
use crate::{
    AwsError,
    sqs::{errors, queue::Queue, state::State},
};

const MAX_RESULTS: usize = 1000;

/// The attributes that are computed, and those that not every queue has.
const OTHER_ATTRIBUTES: [&str; 15] = [
    "All",
    "QueueArn",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "Policy",
    "RedrivePolicy",
    "RedriveAllowPolicy",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "FifoQueue",
    "ContentBasedDeduplication",
    "DeduplicationScope",
];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateInput {
    #[serde(default)]
    queue_name: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default, rename = "tags")]
    tags: BTreeMap<String, String>,
}

pub(super) fn create(state: &mut State, input: Value) -> Result<Value, AwsError> {
    let input: CreateInput = read(input)?;
    if input.queue_name.is_empty() {
        return Err(errors::missing("QueueName"));
    }
    Ok(json!({ "QueueUrl": state.create(&input.queue_name, &input.attributes, input.tags)? }))
}

pub(super) fn delete(state: &mut State, input: &Value) -> Result<Value, AwsError> {
    let name = queue_name(state, input)?;
    state.delete_queue(&name)?;
    Ok(nothing())
}

pub(super) fn purge(state: &mut State, input: &Value) -> Result<Value, AwsError> {
    let name = queue_name(state, input)?;
    state.purge(&name)?;
    Ok(nothing())
}

pub(super) fn url(state: &mut State, input: &Value) -> Result<Value, AwsError> {
    let name = text(input, "QueueName")?;
    let owner = input.get("QueueOwnerAWSAccountId").and_then(Value::as_str);
    if owner.is_some_and(|owner| owner != state.place.account) {
        return Err(errors::no_such_queue());
    }
    state.queue(name)?;
    Ok(json!({ "QueueUrl": state.url(name) }))
}

#[derive(Deserialize)]
struct NamesInput {
    #[serde(rename = "AttributeNames", default)]
    names: Vec<String>,
}

pub(super) fn get_attributes(state: &mut State, input: Value) -> Result<Value, AwsError> {
    let name = queue_name(state, &input)?;
    let names = read::<NamesInput>(input)?.names;
    let mut all = attributes(state.queue(&name)?);
    for name in &names {
        let known = all.contains_key(name) || OTHER_ATTRIBUTES.contains(&name.as_str());
        if !known && name != "FifoThroughputLimit" {
            return Err(errors::unknown_attribute(name));
        }
    }
    all.retain(|name, _| names.iter().any(|wanted| wanted == "All" || wanted == name));
    if all.is_empty() { Ok(nothing()) } else { Ok(json!({ "Attributes": all })) }
}

fn attributes(queue: &Queue) -> BTreeMap<String, String> {
    let mut all = queue.settings.values.clone();
    let computed = [
        ("QueueArn", queue.arn.clone()),
        ("ApproximateNumberOfMessages", queue.visible().to_string()),
        ("ApproximateNumberOfMessagesNotVisible", queue.in_flight().to_string()),
        ("ApproximateNumberOfMessagesDelayed", queue.delayed().to_string()),
        ("CreatedTimestamp", (queue.created / 1000).to_string()),
        ("LastModifiedTimestamp", (queue.modified / 1000).to_string()),
    ];
    all.extend(computed.map(|(name, value)| (name.to_owned(), value)));
    all
}

#[derive(Deserialize)]
struct AttributesInput {
    #[serde(rename = "Attributes", default)]
    attributes: BTreeMap<String, String>,
}

pub(super) fn set_attributes(state: &mut State, input: Value) -> Result<Value, AwsError> {
    let name = queue_name(state, &input)?;
    state.queue(&name)?;
    state.set_attributes(&name, &read::<AttributesInput>(input)?.attributes)?;
    Ok(nothing())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListInput {
    #[serde(default)]
    queue_name_prefix: String,
    max_results: Option<i64>,
    next_token: Option<String>,
}

pub(super) fn list(state: &mut State, input: Value) -> Result<Value, AwsError> {
    let input: ListInput = read(input)?;
    let names = state.queues.keys().filter(|name| name.starts_with(&input.queue_name_prefix));
    let (urls, token) = page(state, names, &input)?;
    let mut output = json!({ "QueueUrls": urls });
    if let Some(token) = token {
        output["NextToken"] = token.into();
    }
    Ok(output)
}

pub(super) fn list_sources(state: &mut State, input: Value) -> Result<Value, AwsError> {
    let name = queue_name(state, &input)?;
    let arn = state.queue(&name)?.arn.clone();
    let gives_up_to = |queue: &&Queue| queue.settings.redrive.as_ref().is_some_and(|it| it.target_arn == arn);
    let names = state.queues.values().filter(gives_up_to).map(|queue| &queue.name);
    let (urls, token) = page(state, names, &read(input)?)?;
    // AWS spells this one with a small letter.
    let mut output = json!({ "queueUrls": urls });
    if let Some(token) = token {
        output["NextToken"] = token.into();
    }
    Ok(output)
}

/// A page of URLs, and where the next one starts. Only who names a size gets a token.
fn page<'a>(
    state: &State,
    names: impl Iterator<Item = &'a String>,
    input: &ListInput,
) -> Result<(Vec<String>, Option<String>), AwsError> {
    let size = match input.max_results {
        None => MAX_RESULTS,
        Some(max) => {
            usize::try_from(max).ok().filter(|max| (1..=MAX_RESULTS).contains(max)).ok_or_else(|| {
                errors::invalid_value("MaxResults", max, "Must be between 1 and 1000, if provided.")
            })?
        }
    };
    let after = input.next_token.as_ref().map(|token| {
        let name = STANDARD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        name.ok_or_else(|| errors::invalid_value("NextToken", token, "It is not one that was given out."))
    });
    let after = after.transpose()?;
    let mut rest = names.filter(|name| after.as_ref().is_none_or(|after| *name > after)).peekable();
    let found: Vec<&String> = rest.by_ref().take(size).collect();
    let more = input.max_results.is_some() && rest.peek().is_some();
    let token = found.last().filter(|_| more).map(|last| STANDARD.encode(last));
    Ok((found.iter().map(|name| state.url(name)).collect(), token))
}

pub(super) fn tags(state: &mut State, input: &Value) -> Result<Value, AwsError> {
    let name = queue_name(state, input)?;
    Ok(json!({ "Tags": state.queue(&name)?.tags }))
}

#[derive(Deserialize)]
struct TagInput {
    #[serde(rename = "Tags", default)]
    tags: BTreeMap<String, String>,
}

pub(super) fn tag(state: &mut State, input: Value) -> Result<Value, AwsError> {
    let name = queue_name(state, &input)?;
    let added = read::<TagInput>(input)?.tags;
    if added.is_empty() {
        return Err(errors::missing("Tags"));
    }
    state.change_tags(&name, |tags| tags.extend(added))?;
    Ok(nothing())
}

#[derive(Deserialize)]
struct UntagInput {
    #[serde(rename = "TagKeys", default)]
    keys: Vec<String>,
}

pub(super) fn untag(state: &mut State, input: Value) -> Result<Value, AwsError> {
    let name = queue_name(state, &input)?;
    let keys = read::<UntagInput>(input)?.keys;
    state.change_tags(&name, |tags| tags.retain(|key, _| !keys.contains(key)))?;
    Ok(nothing())
}
