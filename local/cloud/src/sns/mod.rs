//! Amazon SNS: topics that fan out to queues.
//!
//! Topics and subscriptions are in memory only: whoever starts the service creates them again.

use std::{collections::BTreeMap, path::Path};

use crate::{AwsError, Place, sqs::Sqs};

/// The topics of one account in one region. Clones share them.
#[derive(Clone)]
pub struct Sns {}

impl Sns {
    /// Opens the service, which delivers to `sqs`.
    ///
    /// # Errors
    /// None today; `data` is where topics would be kept.
    pub fn open(_place: Place, _sqs: Sqs, _data: Option<&Path>) -> Result<Self, AwsError> {
        Ok(Self {})
    }

    /// Runs one operation of the query protocol: form pairs in, the XML inside `<…Result>` out.
    ///
    /// # Errors
    /// As the operation documents.
    pub async fn call(&self, operation: &str, _form: &[(String, String)]) -> Result<String, AwsError> {
        Err(AwsError::new("InvalidAction", operation))
    }

    /// The action and the ARN of the resource that an operation needs.
    pub fn needs(&self, operation: &str, _form: &[(String, String)]) -> (String, String) {
        (operation.into(), String::new())
    }

    /// Creates a topic, or finds it. Its ARN.
    ///
    /// # Errors
    /// As `CreateTopic`.
    pub fn create_topic(
        &self,
        name: &str,
        _attributes: &BTreeMap<String, String>,
    ) -> Result<String, AwsError> {
        Ok(name.into())
    }

    /// Subscribes a queue to a topic. The subscription's ARN.
    ///
    /// # Errors
    /// As `Subscribe`.
    pub fn subscribe(
        &self,
        topic_arn: &str,
        _queue_arn: &str,
        _attributes: &BTreeMap<String, String>,
    ) -> Result<String, AwsError> {
        Ok(topic_arn.into())
    }
}
