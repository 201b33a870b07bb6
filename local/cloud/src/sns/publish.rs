//! Publishing: checks, deduplication in FIFO topics, and the fan-out to queues.

use std::{collections::BTreeMap, sync::Arc};

use ring::digest::{SHA256, digest};

use super::{
    State, check,
    envelope::{self, Contents},
    errors,
    subscription::Subscription,
    topic::Published,
};
use crate::{
    AwsError,
    sqs::{MessageAttribute, Outgoing, Sqs, dedup::First, ids::uuid},
};

const FIRST_NUMBER: u64 = 10_000_000_000_000_000_000;

/// What a publisher asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct Publishing {
    pub message: String,
    pub subject: Option<String>,
    /// Whether the message has a text for each protocol.
    pub structured: bool,
    pub attributes: BTreeMap<String, MessageAttribute>,
    pub group: Option<String>,
    pub deduplication: Option<String>,
}

impl State {
    /// Publishes to the topic of that name and delivers at once.
    pub fn publish(&mut self, sqs: &Sqs, name: &str, publishing: &Publishing) -> Result<Published, AwsError> {
        let at = self.place.now();
        let now = at.as_millisecond();
        let id = self.ids.next(now);
        let topic = self.topics.get_mut(name).ok_or_else(errors::no_such_topic)?;
        check::message(publishing)?;
        if check::size(publishing) > check::MAX_BYTES {
            return Err(errors::invalid("Message too long"));
        }
        check::order(publishing, topic.fifo, topic.is("ContentBasedDeduplication"))?;
        let message = match publishing.structured {
            true => check::structured(&publishing.message)?,
            false => publishing.message.clone(),
        };
        let deduplication = publishing.deduplication.clone().or_else(|| {
            let hash = digest(&SHA256, publishing.message.as_bytes());
            topic.fifo.then(|| hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
        });
        let published = Published {
            message_id: uuid(id, 2),
            number: topic.fifo.then(|| (FIRST_NUMBER + id).to_string()),
        };
        if let (Some(id), Some(number)) = (&deduplication, &published.number) {
            let by_group =
                topic.attributes.get("FifoThroughputScope").is_some_and(|scope| scope == "MessageGroup");
            let group = publishing.group.as_deref().filter(|_| by_group);
            let key = (group.map(Arc::from), id.clone());
            if let Some(First { message_id, number }) = topic.dedup.first(&key, now).cloned() {
                return Ok(Published { message_id, number: Some(number) });
            }
            let first = First { message_id: published.message_id.clone(), number: number.clone() };
            topic.dedup.remember(key, first, now);
        }
        let region = self.place.region.as_str();
        let (subject, attributes) = (publishing.subject.as_deref(), &publishing.attributes);
        let contents = Contents { published: &published, subject, message: &message, attributes, at, region };
        for subscription in &topic.subscriptions {
            let filter = subscription.settings.filter.as_ref();
            if filter.is_none_or(|filter| filter.accepts(&message, attributes)) {
                let outgoing = outgoing(subscription, &contents, publishing, deduplication.as_ref());
                deliver(sqs, subscription, outgoing);
            }
        }
        Ok(published)
    }
}

fn outgoing(
    subscription: &Subscription,
    contents: &Contents,
    publishing: &Publishing,
    deduplication: Option<&String>,
) -> Outgoing {
    let raw = subscription.settings.raw;
    let wrapped = if raw { None } else { envelope::wrap(contents, subscription).ok() };
    Outgoing {
        body: wrapped.unwrap_or_else(|| contents.message.to_owned()),
        message_attributes: if raw { publishing.attributes.clone() } else { BTreeMap::new() },
        group: publishing.group.clone(),
        deduplication: deduplication.cloned(),
    }
}

/// A queue that refuses is the subscriber's fault, which SNS doesn't retry: the message goes to the
/// subscription's dead-letter queue, or is lost.
fn deliver(sqs: &Sqs, subscription: &Subscription, outgoing: Outgoing) {
    let to =
        |queue: &str, outgoing| sqs.deliver(queue, "sns.amazonaws.com", &subscription.topic_arn, outgoing);
    let Some(dead_letters) = &subscription.settings.dead_letters else {
        if let Err(error) = to(&subscription.endpoint, outgoing) {
            tracing::warn!(queue = subscription.endpoint, %error, "a notification is lost");
        }
        return;
    };
    if let Err(error) = to(&subscription.endpoint, outgoing.clone()) {
        tracing::warn!(queue = subscription.endpoint, %error, "a notification goes to the dead-letter queue");
        if let Err(error) = to(dead_letters, outgoing) {
            tracing::warn!(queue = dead_letters, %error, "a notification is lost");
        }
    }
}
