//! Subscriptions of queues, and their attributes.

use std::collections::BTreeMap;

use super::filter::{FilterPolicy, Scope};

/// A queue that gets what is published.
#[derive(Clone, Debug)]
pub(super) struct Subscription {
    pub arn: String,
    pub topic_arn: String,
    /// The queue's ARN.
    pub endpoint: String,
    pub settings: Settings,
}

/// What a subscription can be given.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    /// As they were given.
    pub values: BTreeMap<String, String>,
    pub raw: bool,
    pub filter: Option<FilterPolicy>,
    /// The ARN of the queue for what can't be delivered.
    pub dead_letters: Option<String>,
}

impl Settings {
    /// The settings after `given` are set on top; the error is what follows `Invalid parameter: `.
    pub fn changed(&self, given: &BTreeMap<String, String>) -> Result<Self, String> {
        let mut values = self.values.clone();
        for (name, value) in given {
            check_attribute(name, value)?;
            match value.is_empty() {
                true => values.remove(name),
                false => values.insert(name.clone(), value.clone()),
            };
        }
        let scope =
            values.get("FilterPolicyScope").map_or(Ok(Scope::default()), |text| Scope::parse(text))?;
        let filter = values.get("FilterPolicy").map(|json| FilterPolicy::parse(json, scope)).transpose()?;
        let dead_letters = values.get("RedrivePolicy").map(|json| dead_letters(json)).transpose()?;
        let raw = values.get("RawMessageDelivery").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        Ok(Self { raw, filter, dead_letters: dead_letters.flatten(), values })
    }
}

fn check_attribute(name: &str, value: &str) -> Result<(), String> {
    match name {
        "RawMessageDelivery" if !["true", "false"].contains(&value.to_ascii_lowercase().as_str()) => {
            Err(format!("RawMessageDelivery: Invalid value [{value}]. Must be true or false."))
        }
        "RawMessageDelivery"
        | "FilterPolicy"
        | "RedrivePolicy"
        | "DeliveryPolicy"
        | "SubscriptionRoleArn" => Ok(()),
        "FilterPolicyScope" => Scope::parse(value).map(drop),
        _ => Err("AttributeName".into()),
    }
}

/// An empty policy takes the dead-letter queue away.
fn dead_letters(json: &str) -> Result<Option<String>, String> {
    let policy: serde_json::Value = serde_json::from_str(json)
        .map_err(|error| format!("RedrivePolicy: failed to parse JSON. {error}"))?;
    let Some(target) = policy.get("deadLetterTargetArn") else { return Ok(None) };
    let arn = target.as_str().filter(|arn| arn.starts_with("arn:") && arn.split(':').nth(2) == Some("sqs"));
    arn.map(|arn| Some(arn.to_owned()))
        .ok_or_else(|| "RedrivePolicy: deadLetterTargetArn is an invalid arn".into())
}

impl Subscription {
    /// As `GetSubscriptionAttributes` tells them.
    pub fn described(&self, account: &str) -> BTreeMap<String, String> {
        let mut all = self.settings.values.clone();
        if self.settings.filter.is_some() {
            all.entry("FilterPolicyScope".into()).or_insert_with(|| Scope::default().name().into());
        } else {
            // The scope is told with the policy only.
            all.remove("FilterPolicyScope");
        }
        all.entry("RawMessageDelivery".into()).or_insert_with(|| "false".into());
        let computed = [
            ("SubscriptionArn", self.arn.clone()),
            ("TopicArn", self.topic_arn.clone()),
            ("Endpoint", self.endpoint.clone()),
            ("Protocol", "sqs".to_owned()),
            ("Owner", account.to_owned()),
            ("SubscriptionPrincipal", format!("arn:aws:iam::{account}:root")),
            ("ConfirmationWasAuthenticated", "true".to_owned()),
            ("PendingConfirmation", "false".to_owned()),
        ];
        all.extend(computed.map(|(name, value)| (name.to_owned(), value)));
        all
    }
}
