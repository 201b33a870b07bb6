//! The batch operations: up to ten entries, each of which succeeds or fails by itself.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{queue_name, read, text, wire};
use crate::{
    AwsError,
    sqs::{check, errors, query_code, send, settings::MAX_BYTES, state::State},
};

const MAX_ENTRIES: usize = 10;

#[derive(Deserialize)]
struct Batch {
    #[serde(rename = "Entries", default)]
    entries: Vec<Value>,
}

/// The entries with their ids, if the batch as a whole is in order.
fn entries(input: Value, kind: &str) -> Result<Vec<(String, Value)>, AwsError> {
    let entries = read::<Batch>(input)?.entries;
    if entries.is_empty() {
        let message = format!("There should be at least one {kind}RequestEntry in the request.");
        return Err(AwsError::new("EmptyBatchRequest", message));
    }
    if entries.len() > MAX_ENTRIES {
        let sent = entries.len();
        let message =
            format!("Maximum number of entries per request are {MAX_ENTRIES}. You have sent {sent}.");
        return Err(AwsError::new("TooManyEntriesInBatchRequest", message));
    }
    let id = |entry: &Value| entry.get("Id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let entries: Vec<_> = entries.into_iter().map(|entry| (id(&entry), entry)).collect();
    let mut seen = HashSet::new();
    for (id, _) in &entries {
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if !(1..=80).contains(&id.len()) || !id.bytes().all(valid) {
            let message = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It \
                           can be at most 80 letters long.";
            return Err(AwsError::new("InvalidBatchEntryId", message));
        }
        if !seen.insert(id) {
            return Err(AwsError::new("BatchEntryIdsNotDistinct", format!("Id {id} repeated.")));
        }
    }
    Ok(entries)
}

/// Runs each entry and reports it under its id.
fn each<T>(
    entries: impl IntoIterator<Item = (String, T)>,
    mut run: impl FnMut(T) -> Result<Map<String, Value>, AwsError>,
) -> Value {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (id, entry) in entries {
        match run(entry) {
            Ok(mut output) => {
                output.insert("Id".into(), id.into());
                successful.push(output);
            }
            Err(error) => failed.push(json!({
                "Id": id,
                "SenderFault": error.status.is_client_error(),
                "Code": query_code(&error.code),
                "Message": error.message,
            })),
        }
    }
    match failed.is_empty() {
        true => json!({ "Successful": successful }),
        false => json!({ "Successful": successful, "Failed": failed }),
    }
}

pub(super) fn send(state: &mut State, input: Value) -> Result<Value, AwsError> {
    let name = queue_name(state, &input)?;
    let settings = state.queue(&name)?.settings.clone();
    let mut sendings = Vec::new();
    for (id, entry) in entries(input, "SendMessageBatch")? {
        let sending = read::<wire::SendInput>(entry)?.into_sending()?;
        // What an order needs is asked of the batch as a whole.
        if settings.fifo && sending.group.is_none() {
            return Err(errors::invalid("The request must contain the parameter MessageGroupId."));
        }
        if settings.fifo && sending.deduplication.is_none() && !settings.content_deduplication {
            return Err(send::no_deduplication());
        }
        sendings.push((id, sending));
    }
    let size: usize = sendings.iter().map(|(_, it)| check::size(&it.body, &it.attributes)).sum();
    if size > MAX_BYTES {
        let message =
            format!("Batch requests cannot be longer than {MAX_BYTES} bytes. You have sent {size} bytes.");
        return Err(AwsError::new("BatchRequestTooLong", message));
    }
    let sender = state.place.account.clone();
    Ok(each(sendings, |sending| Ok(wire::sent(state.send(&name, &sender, sending)?))))
}

pub(super) fn delete(state: &mut State, input: Value) -> Result<Value, AwsError> {
    let name = queue_name(state, &input)?;
    state.queue(&name)?;
    Ok(each(entries(input, "DeleteMessageBatch")?, |entry| {
        state.delete_message(&name, text(&entry, "ReceiptHandle")?)?;
        Ok(Map::new())
    }))
}

pub(super) fn change_visibility(state: &mut State, input: Value) -> Result<Value, AwsError> {
    let name = queue_name(state, &input)?;
    state.queue(&name)?;
    Ok(each(entries(input, "ChangeMessageVisibilityBatch")?, |entry| {
        super::messages::change_visibility_of(state, &name, &entry)?;
        Ok(Map::new())
    }))
}
