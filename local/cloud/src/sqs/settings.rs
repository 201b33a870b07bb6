//! The attributes that a queue can be given: names, ranges, defaults.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>

use std::{collections::BTreeMap, str::FromStr};

use super::{
    errors,
    policy::Policy,
    redrive::{Redrive, RedriveAllow},
};
use crate::AwsError;

/// The largest message and the largest batch: 1 MiB.
pub(super) const MAX_BYTES: usize = 1_048_576;

const DEFAULTS: [(&str, &str); 6] = [
    ("VisibilityTimeout", "30"),
    ("MaximumMessageSize", "1048576"),
    ("MessageRetentionPeriod", "345600"),
    ("DelaySeconds", "0"),
    ("ReceiveMessageWaitTimeSeconds", "0"),
    ("SqsManagedSseEnabled", "true"),
];

const FIFO_DEFAULTS: [(&str, &str); 4] = [
    ("FifoQueue", "true"),
    ("ContentBasedDeduplication", "false"),
    ("DeduplicationScope", "queue"),
    ("FifoThroughputLimit", "perQueue"),
];

/// A queue's attributes, checked, and what follows from them. Times in milliseconds.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// As `GetQueueAttributes` tells them.
    pub values: BTreeMap<String, String>,
    pub fifo: bool,
    pub visibility: i64,
    pub delay: i64,
    pub retention: i64,
    /// `ReceiveMessageWaitTimeSeconds`, in milliseconds.
    pub wait: u64,
    /// Bytes.
    pub max_size: usize,
    pub content_deduplication: bool,
    /// Whether deduplication ids count within a group rather than in the whole queue.
    pub deduplicates_by_group: bool,
    pub redrive: Option<Redrive>,
    pub redrive_allow: RedriveAllow,
    pub policy: Option<Policy>,
}

impl Settings {
    /// The attributes of a new queue.
    pub fn new(fifo: bool, given: &BTreeMap<String, String>) -> Result<Self, AwsError> {
        let mut values: BTreeMap<String, String> = BTreeMap::new();
        let fifo_defaults: &[_] = if fifo { &FIFO_DEFAULTS } else { &[] };
        for (name, value) in DEFAULTS.iter().chain(fifo_defaults) {
            values.insert((*name).to_owned(), (*value).to_owned());
        }
        Self::read(fifo, values, given)
    }

    /// The attributes after `given` are set on top of these.
    pub fn changed(&self, given: &BTreeMap<String, String>) -> Result<Self, AwsError> {
        if let Some(fifo) = given.get("FifoQueue").filter(|_| self.fifo)
            && fifo != "true"
        {
            return Err(errors::bad_attribute("FifoQueue", "Modifying queue type is not supported."));
        }
        Self::read(self.fifo, self.values.clone(), given)
    }

    fn read(
        fifo: bool,
        mut values: BTreeMap<String, String>,
        given: &BTreeMap<String, String>,
    ) -> Result<Self, AwsError> {
        for (name, value) in given {
            check(name, value, fifo)?;
            // An empty value takes the attribute away where there need not be one.
            match value.is_empty() {
                true => values.remove(name),
                false => values.insert(name.clone(), value.clone()),
            };
        }
        exclude_two_encryptions(&mut values, given)?;
        let parse = |name: &str| values.get(name).filter(|value| !value.is_empty());
        let seconds = |name: &str| number::<i64>(&values, name).saturating_mul(1000);
        let is = |name: &str, value: &str| values.get(name).is_some_and(|given| given == value);
        let by_group = is("DeduplicationScope", "messageGroup");
        if is("FifoThroughputLimit", "perMessageGroupId") && !by_group {
            let reason = "The perMessageGroupId value is allowed only when the value for DeduplicationScope is \
                          messageGroup.";
            return Err(errors::bad_attribute("FifoThroughputLimit", reason));
        }
        Ok(Self {
            fifo,
            visibility: seconds("VisibilityTimeout"),
            delay: seconds("DelaySeconds"),
            retention: seconds("MessageRetentionPeriod"),
            wait: number::<u64>(&values, "ReceiveMessageWaitTimeSeconds").saturating_mul(1000),
            max_size: number(&values, "MaximumMessageSize"),
            content_deduplication: is("ContentBasedDeduplication", "true"),
            deduplicates_by_group: by_group,
            redrive: parse("RedrivePolicy").map(|json| Redrive::parse(json)).transpose()?,
            redrive_allow: parse("RedriveAllowPolicy")
                .map_or(Ok(RedriveAllow::All), |json| RedriveAllow::parse(json))?,
            policy: parse("Policy").map(|json| Policy::parse(json)).transpose()?,
            values,
        })
    }
}

/// `values` are checked before, so the default is never used.
fn number<T: FromStr + Default>(values: &BTreeMap<String, String>, name: &str) -> T {
    values.get(name).and_then(|value| value.parse().ok()).unwrap_or_default()
}

fn check(name: &str, value: &str, fifo: bool) -> Result<(), AwsError> {
    let valid = match name {
        "VisibilityTimeout" => within(value, 0, 43_200),
        "MaximumMessageSize" => within(value, 1_024, MAX_BYTES),
        "MessageRetentionPeriod" => within(value, 60, 1_209_600),
        "DelaySeconds" => within(value, 0, 900),
        "ReceiveMessageWaitTimeSeconds" => within(value, 0, 20),
        "KmsDataKeyReusePeriodSeconds" => within(value, 60, 86_400),
        "SqsManagedSseEnabled" => boolean(value),
        "KmsMasterKeyId" | "Policy" | "RedrivePolicy" | "RedriveAllowPolicy" => true,
        "FifoQueue" | "ContentBasedDeduplication" if fifo => boolean(value),
        "DeduplicationScope" if fifo => matches!(value, "messageGroup" | "queue"),
        "FifoThroughputLimit" if fifo => matches!(value, "perQueue" | "perMessageGroupId"),
        _ => return Err(errors::unknown_attribute(name)),
    };
    if valid { Ok(()) } else { Err(errors::bad_attribute(name, "")) }
}

fn within(value: &str, least: usize, most: usize) -> bool {
    value.parse().is_ok_and(|value| (least..=most).contains(&value))
}

fn boolean(value: &str) -> bool {
    matches!(value, "true" | "false")
}

/// A queue is encrypted with a key of KMS or with one of SQS, not with both.
fn exclude_two_encryptions(
    values: &mut BTreeMap<String, String>,
    given: &BTreeMap<String, String>,
) -> Result<(), AwsError> {
    let kms = given.get("KmsMasterKeyId").is_some_and(|key| !key.is_empty());
    let own = given.get("SqsManagedSseEnabled").is_some_and(|value| value == "true");
    if kms && own {
        let message = "You can use one type of server-side encryption (SSE) at one time. You can either enable \
                       KMS SSE or SQS SSE.";
        return Err(AwsError::new("InvalidAttributeName", message));
    }
    if kms {
        values.insert("SqsManagedSseEnabled".into(), "false".into());
        values.entry("KmsDataKeyReusePeriodSeconds".into()).or_insert_with(|| "300".into());
    } else if own {
        values.remove("KmsMasterKeyId");
        values.remove("KmsDataKeyReusePeriodSeconds");
    }
    Ok(())
}
