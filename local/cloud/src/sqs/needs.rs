//! Which permission an operation needs.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html>

use serde_json::Value;

use super::Sqs;

impl Sqs {
    /// The action and the ARN of the resource that an operation needs. Batch operations need the permission
    /// of the single one.
    pub fn needs(&self, operation: &str, input: &Value) -> (String, String) {
        let action = match operation {
            "SendMessageBatch" => "SendMessage",
            "DeleteMessageBatch" => "DeleteMessage",
            "ChangeMessageVisibilityBatch" => "ChangeMessageVisibility",
            single => single,
        };
        (format!("sqs:{action}"), self.resource(operation, input))
    }

    fn resource(&self, operation: &str, input: &Value) -> String {
        let text = |field: &str| input.get(field).and_then(Value::as_str);
        let arn = |name: &str| self.look(|state| state.place.arn("sqs", name));
        match operation {
            "ListQueues" => "*".into(),
            "CreateQueue" | "GetQueueUrl" => arn(text("QueueName").unwrap_or_default()),
            "StartMessageMoveTask" | "ListMessageMoveTasks" => text("SourceArn").unwrap_or_default().into(),
            "CancelMessageMoveTask" => {
                super::moves::source_of(text("TaskHandle").unwrap_or_default()).unwrap_or_default()
            }
            // Of another account's queue, or of what is no URL, the last part: IAM then sees an ARN that
            // nobody is allowed.
            _ => arn(text("QueueUrl").and_then(|url| url.rsplit('/').next()).unwrap_or_default()),
        }
    }
}
