//! `StartMessageMoveTask`, `ListMessageMoveTasks`, `CancelMessageMoveTask`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{read, text};
use crate::{
    AwsError,
    sqs::{
        Sqs, errors,
        moves::{MoveTask, Status},
        state::State,
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StartInput {
    #[serde(default)]
    source_arn: String,
    destination_arn: Option<String>,
    max_number_of_messages_per_second: Option<i64>,
}

pub(super) fn start(sqs: &Sqs, input: Value) -> Result<Value, AwsError> {
    let input: StartInput = read(input)?;
    if input.source_arn.is_empty() {
        return Err(errors::missing("SourceArn"));
    }
    // What is negative is refused as zero is.
    let velocity = input.max_number_of_messages_per_second.map(|max| usize::try_from(max).unwrap_or(0));
    Ok(json!({ "TaskHandle": sqs.start_move(&input.source_arn, input.destination_arn, velocity)? }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListInput {
    #[serde(default)]
    source_arn: String,
    max_results: Option<i64>,
}

pub(super) fn list(state: &mut State, input: Value) -> Result<Value, AwsError> {
    let input: ListInput = read(input)?;
    let max = input.max_results.unwrap_or(1);
    if !(1..=10).contains(&max) {
        return Err(errors::invalid_value("MaxResults", max, "Must be between 1 and 10, if provided."));
    }
    let tasks = state.list_moves(&input.source_arn, usize::try_from(max).unwrap_or(1))?;
    Ok(json!({ "Results": tasks.iter().map(task).collect::<Vec<_>>() }))
}

fn task(task: &MoveTask) -> Value {
    let mut output = json!({
        "SourceArn": task.source_arn,
        "Status": task.status.name(),
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "StartedTimestamp": task.started,
    });
    let optional = [
        // Only what runs can be cancelled.
        ("TaskHandle", (task.status == Status::Running).then(|| json!(task.handle))),
        ("DestinationArn", task.destination_arn.as_ref().map(|arn| json!(arn))),
        ("MaxNumberOfMessagesPerSecond", task.velocity.map(|velocity| json!(velocity))),
        ("FailureReason", task.failure.map(|reason| json!(reason))),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            output[name] = value;
        }
    }
    output
}

pub(super) fn cancel(state: &mut State, input: &Value) -> Result<Value, AwsError> {
    let moved = state.cancel_move(text(input, "TaskHandle")?)?;
    Ok(json!({ "ApproximateNumberOfMessagesMoved": moved }))
}
