//! Stands for SQS and SNS until they are here.

use std::path::Path;

use serde_json::Value;

use crate::{AwsError, Place};

/// SQS.
pub struct Sqs;

impl Sqs {
    /// Opens it.
    pub fn open(_: Place, _: Option<&Path>) -> Self {
        Self
    }

    /// Runs one operation.
    #[allow(clippy::unused_async)]
    pub async fn call(&self, operation: &str, _: Value) -> Result<Value, AwsError> {
        Err(AwsError::new("UnknownOperationException", operation))
    }

    /// What an operation needs.
    pub fn needs(&self, operation: &str, _: &Value) -> (String, String) {
        (format!("sqs:{operation}"), "*".to_owned())
    }

    /// The code of the query protocol.
    pub fn query_code(code: &str) -> String {
        code.to_owned()
    }
}

/// SNS.
pub struct Sns;

impl Sns {
    /// Opens it.
    pub fn open(_: Place, _: std::sync::Arc<Sqs>, _: Option<&Path>) -> Self {
        Self
    }

    /// Runs one operation.
    #[allow(clippy::unused_async)]
    pub async fn call(&self, operation: &str, _: &[(String, String)]) -> Result<String, AwsError> {
        Err(AwsError::new("InvalidAction", operation))
    }

    /// What an operation needs.
    pub fn needs(&self, operation: &str, _: &[(String, String)]) -> (String, String) {
        (format!("sns:{operation}"), "*".to_owned())
    }
}
