//! The API of SQS, in the AWS JSON 1.0 protocol.
use super::Sqs;
use crate::AwsError;
use serde_json::Value;
impl Sqs {
    /// Runs one operation of the AWS JSON 1.0 protocol.
    ///
    /// # Errors
    /// As the operation documents.
    pub async fn call(&self, _operation: &str, _input: Value) -> Result<Value, AwsError> {
        Err(AwsError::new("UnknownOperationException", ""))
    }
}
