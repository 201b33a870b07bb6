//! Dead-letter queues: when a queue gives up on a message, and which queues a dead-letter queue serves.

use serde::Deserialize;
use serde_json::Value;

use super::errors;
use crate::AwsError;

/// The attribute `RedrivePolicy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Redrive {
    pub target_arn: String,
    /// 1 to 1,000 receives; the next one finds the message moved.
    pub max_receives: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RedriveJson {
    dead_letter_target_arn: Option<String>,
    max_receive_count: Option<Value>,
}

impl Redrive {
    pub fn parse(json: &str) -> Result<Self, AwsError> {
        let refuse = |reason: &str| errors::invalid_value("RedrivePolicy", json, reason);
        let read: RedriveJson =
            serde_json::from_str(json).map_err(|_| refuse("Redrive policy is not a valid JSON map."))?;
        let (Some(target_arn), Some(max)) = (read.dead_letter_target_arn, read.max_receive_count) else {
            return Err(refuse(
                "Redrive policy does not contain mandatory attribute: maxReceiveCount or \
                               deadLetterTargetArn.",
            ));
        };
        // CloudFormation writes the number as a string.
        let max = match &max {
            Value::String(text) => text.parse().ok(),
            other => other.as_u64(),
        };
        let max_receives = max.filter(|max| (1..=1000).contains(max)).and_then(|max| u32::try_from(max).ok());
        let max_receives = max_receives.ok_or_else(|| {
            refuse("Invalid value for maxReceiveCount: must be an integer between 1 and 1000.")
        })?;
        if !target_arn.starts_with("arn:") || target_arn.split(':').count() != 6 {
            return Err(refuse("Invalid value for deadLetterTargetArn."));
        }
        Ok(Self { target_arn, max_receives })
    }
}

/// The attribute `RedriveAllowPolicy` of a dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RedriveAllow {
    All,
    None,
    /// At most ten ARNs.
    Queues(Vec<String>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AllowJson {
    redrive_permission: String,
    source_queue_arns: Option<Vec<String>>,
}

impl RedriveAllow {
    pub fn parse(json: &str) -> Result<Self, AwsError> {
        let refuse = |reason: &str| errors::invalid_value("RedriveAllowPolicy", json, reason);
        let read: AllowJson = serde_json::from_str(json)
            .map_err(|_| refuse("Redrive allow policy is not a valid JSON map."))?;
        match (read.redrive_permission.as_str(), read.source_queue_arns) {
            ("allowAll", None) => Ok(Self::All),
            ("denyAll", None) => Ok(Self::None),
            ("byQueue", Some(arns)) if (1..=10).contains(&arns.len()) => Ok(Self::Queues(arns)),
            ("byQueue", _) => Err(refuse("With byQueue, sourceQueueArns must name 1 to 10 queues.")),
            ("allowAll" | "denyAll", Some(_)) => Err(refuse("Only byQueue can have sourceQueueArns.")),
            _ => Err(refuse("redrivePermission must be allowAll, denyAll or byQueue.")),
        }
    }

    pub fn allows(&self, source_arn: &str) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Queues(arns) => arns.iter().any(|arn| arn == source_arn),
        }
    }
}
