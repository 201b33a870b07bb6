//! All topics together, as one operation finds them.

use std::collections::BTreeMap;

use super::{
    Refuses, errors,
    subscription::{Settings, Subscription},
    topic::{Topic, check_attribute, check_name},
};
use crate::{
    AwsError, Place,
    sqs::{
        dedup::Dedup,
        ids::{Ids, uuid},
    },
};

/// The state of the service.
pub(super) struct State {
    pub place: Place,
    /// By name.
    pub topics: BTreeMap<String, Topic>,
    pub ids: Ids,
    pub refuses: Option<Refuses>,
}

impl State {
    pub fn new(place: Place) -> Self {
        Self { place, topics: BTreeMap::new(), ids: Ids::default(), refuses: None }
    }

    /// Creates a topic, or finds it if it has these attributes already. Its ARN.
    pub fn create(
        &mut self,
        name: &str,
        attributes: &BTreeMap<String, String>,
        tags: BTreeMap<String, String>,
    ) -> Result<String, AwsError> {
        let fifo = attributes.get("FifoTopic").is_some_and(|value| value == "true");
        check_name(name, fifo)?;
        for (name, value) in attributes {
            check_attribute(name, value, fifo)
                .map_err(|reason| errors::invalid(format_args!("Attributes Reason: {reason}")))?;
        }
        let arn = self.place.arn("sns", name);
        if let Some(topic) = self.topics.get(name) {
            if attributes.iter().any(|(name, value)| topic.attributes.get(name) != Some(value)) {
                return Err(errors::invalid(
                    "Attributes Reason: Topic already exists with different attributes",
                ));
            }
            if !tags.is_empty() && tags != topic.tags {
                return Err(errors::invalid("Tags Reason: Topic already exists with different tags"));
            }
            return Ok(arn);
        }
        let topic = Topic {
            arn: arn.clone(),
            fifo,
            attributes: attributes.clone(),
            tags,
            subscriptions: Vec::new(),
            unsubscribed: 0,
            dedup: Dedup::default(),
        };
        self.topics.insert(name.to_owned(), topic);
        Ok(arn)
    }

    /// The name in a topic's ARN.
    pub fn name_of<'a>(&self, parameter: &str, arn: &'a str) -> Result<&'a str, AwsError> {
        let elements = arn.split(':').count();
        if elements < 6 {
            let reason = format!("{parameter} Reason: An ARN must have at least 6 elements, not {elements}");
            return Err(errors::invalid(reason));
        }
        let prefix = self.place.arn("sns", "");
        arn.strip_prefix(prefix.as_str()).ok_or_else(errors::no_such_topic)
    }

    /// The topic of an ARN.
    pub fn topic(&mut self, arn: &str) -> Result<&mut Topic, AwsError> {
        let name = self.name_of("TopicArn", arn)?;
        self.topics.get_mut(name).ok_or_else(errors::no_such_topic)
    }

    /// Subscribes a queue, or finds its subscription if it has these attributes already. Its ARN.
    pub fn subscribe(
        &mut self,
        topic_arn: &str,
        protocol: &str,
        endpoint: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<String, AwsError> {
        if protocol != "sqs" {
            let reason = format!("Amazon SNS does not support this protocol string: {protocol}");
            return Err(errors::invalid(reason));
        }
        let queue = endpoint.split(':').collect::<Vec<_>>();
        if queue.len() != 6 || queue[0] != "arn" || queue[2] != "sqs" {
            return Err(errors::invalid("SQS endpoint ARN"));
        }
        let id = self.ids.next(self.place.now().as_millisecond());
        let topic = self.topic(topic_arn)?;
        if endpoint.ends_with(".fifo") && !topic.fifo {
            let reason = "Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics";
            return Err(errors::invalid(format_args!("Invalid parameter: {reason}")));
        }
        let settings = Settings::default().changed(attributes);
        let settings =
            settings.map_err(|reason| errors::invalid(format_args!("Attributes Reason: {reason}")))?;
        if let Some(existing) = topic.subscriptions.iter().find(|it| it.endpoint == endpoint) {
            if attributes.iter().any(|(name, value)| existing.settings.values.get(name) != Some(value)) {
                let reason = "Attributes Reason: Subscription already exists with different attributes";
                return Err(errors::invalid(reason));
            }
            return Ok(existing.arn.clone());
        }
        let arn = format!("{topic_arn}:{}", uuid(id, 4));
        let (topic_arn, endpoint) = (topic_arn.to_owned(), endpoint.to_owned());
        topic.subscriptions.push(Subscription { arn: arn.clone(), topic_arn, endpoint, settings });
        Ok(arn)
    }

    /// The subscription of an ARN.
    pub fn subscription(&mut self, arn: &str) -> Result<&mut Subscription, AwsError> {
        let elements = arn.split(':').count();
        if elements < 6 {
            let reason =
                format!("SubscriptionArn Reason: An ARN must have at least 6 elements, not {elements}");
            return Err(errors::invalid(reason));
        }
        let topic = arn.rsplit_once(':').and_then(|(topic, _)| self.topic(topic).ok());
        let found = topic.and_then(|topic| topic.subscriptions.iter_mut().find(|it| it.arn == arn));
        found.ok_or_else(errors::no_such_subscription)
    }

    /// Takes a subscription away; one that is gone already is no error.
    pub fn unsubscribe(&mut self, arn: &str) -> Result<(), AwsError> {
        match self.subscription(arn) {
            Ok(_) => {}
            Err(error) if error.code == "NotFound" => return Ok(()),
            Err(error) => return Err(error),
        }
        let topic = arn.rsplit_once(':').map_or("", |(topic, _)| topic);
        let topic = self.topic(topic)?;
        topic.subscriptions.retain(|it| it.arn != arn);
        topic.unsubscribed += 1;
        Ok(())
    }
}
