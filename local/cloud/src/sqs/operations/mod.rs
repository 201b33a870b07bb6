//! The API of SQS, in the AWS JSON 1.0 protocol.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html>

mod batch;
mod messages;
mod moves;
mod permissions;
mod queues;
mod wire;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Sqs, errors, state::State};
use crate::AwsError;

impl Sqs {
    /// Runs one operation of the AWS JSON 1.0 protocol, such as `SendMessage`, with its JSON input.
    ///
    /// # Errors
    /// As the operation documents, with the codes of the JSON protocol; [`super::query_code`] has the others.
    pub async fn call(&self, operation: &str, input: Value) -> Result<Value, AwsError> {
        match operation {
            "ReceiveMessage" => messages::receive(self, input).await,
            "StartMessageMoveTask" => moves::start(self, input),
            _ => self.with(|state| state.run(operation, input)),
        }
    }
}

impl State {
    fn run(&mut self, operation: &str, input: Value) -> Result<Value, AwsError> {
        match operation {
            "SendMessage" => messages::send(self, input),
            "SendMessageBatch" => batch::send(self, input),
            "DeleteMessage" => messages::delete(self, &input),
            "DeleteMessageBatch" => batch::delete(self, input),
            "ChangeMessageVisibility" => messages::change_visibility(self, &input),
            "ChangeMessageVisibilityBatch" => batch::change_visibility(self, input),
            "CreateQueue" => queues::create(self, input),
            "DeleteQueue" => queues::delete(self, &input),
            "PurgeQueue" => queues::purge(self, &input),
            "GetQueueUrl" => queues::url(self, &input),
            "GetQueueAttributes" => queues::get_attributes(self, input),
            "SetQueueAttributes" => queues::set_attributes(self, input),
            "ListQueues" => queues::list(self, input),
            "ListDeadLetterSourceQueues" => queues::list_sources(self, input),
            "ListQueueTags" => queues::tags(self, &input),
            "TagQueue" => queues::tag(self, input),
            "UntagQueue" => queues::untag(self, input),
            "AddPermission" => permissions::add(self, input),
            "RemovePermission" => permissions::remove(self, &input),
            "ListMessageMoveTasks" => moves::list(self, input),
            "CancelMessageMoveTask" => moves::cancel(self, &input),
            unknown => {
                let message = format!("The operation {unknown} is not known.");
                Err(AwsError::new("UnknownOperationException", message))
            }
        }
    }
}

/// The answer of operations that have none.
fn nothing() -> Value {
    json!({})
}

/// Reads an input; fields that AWS doesn't know are ignored, as AWS does.
fn read<T: DeserializeOwned>(input: Value) -> Result<T, AwsError> {
    serde_json::from_value(input).map_err(|error| AwsError::new("SerializationException", error.to_string()))
}

/// A required text of an input.
fn text<'a>(input: &'a Value, field: &str) -> Result<&'a str, AwsError> {
    input
        .get(field)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| errors::missing(field))
}

/// The name of the queue that an input is about.
fn queue_name(state: &State, input: &Value) -> Result<String, AwsError> {
    Ok(state.name_of_url(text(input, "QueueUrl")?)?.to_owned())
}
