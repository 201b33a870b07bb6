//! Hears what is published: one more subscriber, of every topic.

use std::{collections::BTreeMap, time::Duration};

use serde_json::json;
use souk_cloud::{AwsError, sqs::AttributeValue};

use super::{happening::Happening, market::Market};

/// How long one receive waits; a message wakes it.
const WAIT: Duration = Duration::from_secs(3600);

impl Market {
    /// Makes a queue for each topic, which subscribes to it and whose name ends with `name`: the topics' names, and the
    /// queues' ARNs.
    ///
    /// # Errors
    /// The queue can't be made or subscribed.
    pub fn subscribe(&self, name: &str) -> Result<Vec<(String, String)>, AwsError> {
        let engine = self.engine();
        let place = &engine.stack.place;
        let mut queues = Vec::new();
        for topic in engine.stack.topics.values() {
            let name = format!("{}-{name}", topic.name);
            let arn = engine.cloud.place.arn("sqs", &name);
            let policy = json!({
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow",
                    "Principal": { "Service": "sns.amazonaws.com" },
                    "Action": "sqs:SendMessage",
                    "Resource": arn,
                    "Condition": { "StringEquals": { "aws:SourceAccount": place.account } },
                }],
            });
            let attributes: BTreeMap<_, _> = [("Policy".to_owned(), policy.to_string())].into();
            engine.cloud.sqs.create_queue(&name, &attributes)?;
            let raw: BTreeMap<_, _> = [("RawMessageDelivery".to_owned(), "true".to_owned())].into();
            engine.cloud.sns.subscribe(&topic.arn, &arn, &raw)?;
            queues.push((topic.name.clone(), arn));
        }
        Ok(queues)
    }

    /// From now on tells of everything that is published, as [`Happening::Published`]. For that it makes a queue of
    /// its own, which subscribes to every topic.
    ///
    /// # Errors
    /// The queue can't be made or subscribed.
    pub fn hear_topics(&self) -> Result<(), AwsError> {
        let engine = self.engine();
        for (topic, arn) in self.subscribe("console")? {
            let listener = std::sync::Arc::clone(engine);
            engine.tasks.spawn(async move {
                while let Ok(messages) = listener.cloud.sqs.receive(&arn, 10, WAIT).await {
                    for message in messages {
                        // A message that is seen twice is told twice.
                        let _ = listener.cloud.sqs.delete(&arn, &message.receipt_handle);
                        let kind =
                            message.message_attributes.get("type").and_then(|kind| match &kind.value {
                                AttributeValue::Text(text) => Some(text.clone()),
                                AttributeValue::Binary(_) => None,
                            });
                        listener.tell(Happening::Published {
                            topic: topic.clone(),
                            kind,
                            message: message.body,
                        });
                    }
                }
            });
        }
        Ok(())
    }
}
