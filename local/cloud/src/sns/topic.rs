//! Topics and their attributes.

use std::collections::BTreeMap;

use serde_json::json;

use super::{errors, subscription::Subscription};
use crate::{AwsError, sqs::dedup::Dedup};

/// A topic with its subscriptions.
#[derive(Debug)]
pub(super) struct Topic {
    pub arn: String,
    pub fifo: bool,
    /// As they were given.
    pub attributes: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
    /// In order of creation.
    pub subscriptions: Vec<Subscription>,
    pub unsubscribed: usize,
    /// Of FIFO topics.
    pub dedup: Dedup,
}

/// What a publisher is told.
#[derive(Clone, Debug)]
pub(super) struct Published {
    pub message_id: String,
    pub number: Option<String>,
}

/// Checks one attribute; the error is what follows `Invalid parameter: `.
pub(super) fn check_attribute(name: &str, value: &str, fifo: bool) -> Result<(), String> {
    let boolean = matches!(value, "true" | "false");
    let valid = match name {
        "DisplayName" => value.chars().count() <= 100,
        "Policy" | "DeliveryPolicy" | "DataProtectionPolicy" => {
            value.is_empty()
                || serde_json::from_str::<serde_json::Value>(value).is_ok_and(|it| it.is_object())
        }
        "KmsMasterKeyId" => true,
        "SignatureVersion" => matches!(value, "1" | "2"),
        "TracingConfig" => matches!(value, "PassThrough" | "Active"),
        "FifoTopic" | "ContentBasedDeduplication" if fifo => boolean,
        "FifoTopic" => value == "false",
        "FifoThroughputScope" if fifo => matches!(value, "Topic" | "MessageGroup"),
        "ArchivePolicy" if fifo => true,
        feedback if feedback.contains("Feedback") => true,
        _ => return Err("AttributeName".into()),
    };
    if valid { Ok(()) } else { Err(format!("{name} Reason: Invalid value [{value}]")) }
}

/// The name of a topic: letters, digits, hyphens, underscores.
pub(super) fn check_name(name: &str, fifo: bool) -> Result<(), AwsError> {
    let stem = if fifo { name.strip_suffix(".fifo") } else { Some(name) };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if stem.is_some_and(|stem| !stem.is_empty() && stem.bytes().all(allowed)) && name.len() <= 256 {
        return Ok(());
    }
    Err(errors::invalid(if fifo {
        "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, \
         numbers, underscores, and hyphens, and must be between 1 and 256 characters long."
    } else {
        "Topic Name"
    }))
}

impl Topic {
    pub fn is(&self, name: &str) -> bool {
        self.attributes.get(name).is_some_and(|value| value == "true")
    }

    /// As `GetTopicAttributes` tells them.
    pub fn described(&self, account: &str) -> BTreeMap<String, String> {
        let mut all = BTreeMap::from([("DisplayName".to_owned(), String::new())]);
        all.insert("Policy".into(), self.default_policy(account));
        if self.fifo {
            all.insert("ContentBasedDeduplication".into(), "false".into());
        }
        all.extend(self.attributes.clone());
        let computed = [
            ("TopicArn", self.arn.clone()),
            ("Owner", account.to_owned()),
            ("SubscriptionsConfirmed", self.subscriptions.len().to_string()),
            ("SubscriptionsPending", "0".to_owned()),
            ("SubscriptionsDeleted", self.unsubscribed.to_string()),
        ];
        all.extend(computed.map(|(name, value)| (name.to_owned(), value)));
        all
    }

    fn default_policy(&self, account: &str) -> String {
        let actions = [
            "GetTopicAttributes",
            "SetTopicAttributes",
            "AddPermission",
            "RemovePermission",
            "DeleteTopic",
            "Subscribe",
            "ListSubscriptionsByTopic",
            "Publish",
        ];
        json!({
            "Version": "2008-10-17",
            "Id": "__default_policy_ID",
            "Statement": [{
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": { "AWS": "*" },
                "Action": actions.map(|action| format!("SNS:{action}")),
                "Resource": self.arn,
                "Condition": { "StringEquals": { "AWS:SourceOwner": account } },
            }],
        })
        .to_string()
    }
}
