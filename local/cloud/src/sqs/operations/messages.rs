//! `SendMessage`, `ReceiveMessage`, `DeleteMessage`, `ChangeMessageVisibility`.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{nothing, queue_name, read, text, wire};
use crate::{
    AwsError,
    sqs::{Sqs, errors, receive::Receiving, state::State},
};

const SYSTEM_ATTRIBUTES: [&str; 10] = [
    "All",
    "SenderId",
    "SentTimestamp",
    "ApproximateReceiveCount",
    "ApproximateFirstReceiveTimestamp",
    "SequenceNumber",
    "MessageDeduplicationId",
    "MessageGroupId",
    "AWSTraceHeader",
    "DeadLetterQueueSourceArn",
];

pub(super) fn send(state: &mut State, input: Value) -> Result<Value, AwsError> {
    let name = queue_name(state, &input)?;
    let sending = read::<wire::SendInput>(input)?.into_sending()?;
    let sender = state.place.account.clone();
    Ok(wire::sent(state.send(&name, &sender, sending)?).into())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReceiveInput {
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
    receive_request_attempt_id: Option<String>,
    /// The old name of `message_system_attribute_names`.
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
}

pub(super) async fn receive(sqs: &Sqs, input: Value) -> Result<Value, AwsError> {
    let (name, default_wait, fifo) = sqs.with(|state| {
        let name = queue_name(state, &input)?;
        let settings = &state.queue(&name)?.settings;
        Ok((name, settings.wait, settings.fifo))
    })?;
    let input: ReceiveInput = read(input)?;
    let within = |parameter, value: Option<i64>, least: i64, most: i64| match value {
        Some(value) if !(least..=most).contains(&value) => {
            let reason = format!("Must be between {least} and {most}, if provided.");
            Err(errors::invalid_value(parameter, value, &reason))
        }
        value => Ok(value),
    };
    let max = within("MaxNumberOfMessages", input.max_number_of_messages, 1, 10)?.unwrap_or(1);
    let visibility = within("VisibilityTimeout", input.visibility_timeout, 0, 43_200)?;
    let wait = within("WaitTimeSeconds", input.wait_time_seconds, 0, 20)?;
    if let (Some(id), false) = (&input.receive_request_attempt_id, fifo) {
        let reason = "The request include parameter that is not valid for this queue type.";
        return Err(errors::invalid_value("ReceiveRequestAttemptId", id, reason));
    }
    let mut system = input.message_system_attribute_names;
    system.extend(input.attribute_names);
    if let Some(unknown) = system.iter().find(|name| !SYSTEM_ATTRIBUTES.contains(&name.as_str())) {
        return Err(errors::unknown_attribute(unknown));
    }
    let receiving = Receiving {
        max: usize::try_from(max).unwrap_or(1),
        wait: Duration::from_millis(wait.map_or(default_wait, |wait| wait.unsigned_abs() * 1000)),
        visibility: visibility.map(|seconds| seconds * 1000),
        attempt: input.receive_request_attempt_id,
    };
    let received = sqs.poll(&name, &receiving).await?;
    if received.is_empty() {
        return Ok(nothing());
    }
    let user = &input.message_attribute_names;
    let messages: Vec<Value> = received.into_iter().map(|it| wire::received(it, &system, user)).collect();
    Ok(json!({ "Messages": messages }))
}

pub(super) fn delete(state: &mut State, input: &Value) -> Result<Value, AwsError> {
    let name = queue_name(state, input)?;
    state.delete_message(&name, text(input, "ReceiptHandle")?)?;
    Ok(nothing())
}

pub(super) fn change_visibility(state: &mut State, input: &Value) -> Result<Value, AwsError> {
    let name = queue_name(state, input)?;
    change_visibility_of(state, &name, input)?;
    Ok(nothing())
}

/// One message, or one entry of a batch.
pub(super) fn change_visibility_of(state: &mut State, name: &str, input: &Value) -> Result<(), AwsError> {
    let seconds = input.get("VisibilityTimeout").and_then(Value::as_i64);
    let seconds = seconds.ok_or_else(|| errors::missing("VisibilityTimeout"))?;
    state.change_visibility(name, text(input, "ReceiptHandle")?, seconds)
}
