//! Creating, changing and deleting queues.

use std::collections::BTreeMap;

use super::{
    check, errors,
    queue::{Change, Queue},
    settings::Settings,
    state::State,
};
use crate::AwsError;

/// For how long a deleted queue's name is blocked, and a purge excludes another, in milliseconds.
const MINUTE: i64 = 60_000;

const MAX_TAGS: usize = 50;

impl State {
    /// Creates a queue, or finds it if it has these attributes already. Its URL.
    pub fn create(
        &mut self,
        name: &str,
        attributes: &BTreeMap<String, String>,
        tags: BTreeMap<String, String>,
    ) -> Result<String, AwsError> {
        let now = self.now();
        let fifo = attributes.get("FifoQueue").is_some_and(|value| value == "true");
        check::queue_name(name, fifo)?;
        if let Some(queue) = self.queues.get(name) {
            let has = &queue.settings.values;
            let differs =
                |(name, value): &(&String, &String)| !has.get(*name).is_some_and(|has| same(has, value));
            if let Some((different, _)) = attributes.iter().find(differs) {
                let message = format!(
                    "A queue already exists with the same name and a different value for attribute {different}"
                );
                return Err(AwsError::new("QueueNameExists", message));
            }
            return Ok(self.url(name));
        }
        if self.deleted.get(name).is_some_and(|at| at + MINUTE > now) {
            let message = "You must wait 60 seconds after deleting a queue before you can create another with the \
                           same name.";
            return Err(AwsError::new("QueueDeletedRecently", message));
        }
        let settings = Settings::new(fifo, attributes)?;
        self.check_redrive(&self.place.arn("sqs", name), &settings)?;
        check_tags(&tags)?;
        let mut queue = Queue::new(name.to_owned(), self.place.arn("sqs", name), settings, now, self.saves());
        queue.tags = tags;
        queue.record(Change::Queue);
        self.queues.insert(name.to_owned(), queue);
        self.deleted.remove(name);
        Ok(self.url(name))
    }

    /// Sets attributes of a queue.
    pub fn set_attributes(&mut self, name: &str, given: &BTreeMap<String, String>) -> Result<(), AwsError> {
        let now = self.now();
        let queue = self.queue(name)?;
        let (settings, arn) = (queue.settings.changed(given)?, queue.arn.clone());
        if given.contains_key("RedrivePolicy") {
            self.check_redrive(&arn, &settings)?;
        }
        let queue = self.queue(name)?;
        let later = settings.delay - queue.settings.delay;
        queue.settings = settings;
        queue.modified = now;
        if queue.settings.fifo && later != 0 {
            queue.delay_again(later);
        }
        queue.record(Change::Queue);
        Ok(())
    }

    /// A dead-letter queue must exist, be of the same type, and agree.
    fn check_redrive(&self, arn: &str, settings: &Settings) -> Result<(), AwsError> {
        let Some(redrive) = &settings.redrive else { return Ok(()) };
        let value = settings.values.get("RedrivePolicy").map(String::as_str).unwrap_or_default();
        let refuse = |reason: &str| Err(errors::invalid_value("RedrivePolicy", value, reason));
        let target = self.name_of_arn(&redrive.target_arn).and_then(|name| self.queues.get(name));
        let Some(target) = target else { return refuse("Dead letter target does not exist.") };
        if target.settings.fifo != settings.fifo {
            return refuse("Dead-letter queue must be same type of queue as the source.");
        }
        if !target.settings.redrive_allow.allows(arn) {
            return refuse("The dead letter target's RedriveAllowPolicy does not permit this source queue.");
        }
        Ok(())
    }

    /// Deletes a queue with all that is in it.
    pub fn delete_queue(&mut self, name: &str) -> Result<(), AwsError> {
        self.queue(name)?;
        let now = self.now();
        self.drop_queue(name);
        self.deleted.insert(name.to_owned(), now);
        Ok(())
    }

    /// Deletes all messages of a queue.
    pub fn purge(&mut self, name: &str) -> Result<(), AwsError> {
        let now = self.now();
        let queue = self.queue(name)?;
        if queue.purged.is_some_and(|at| at + MINUTE > now) {
            let message = format!("Only one PurgeQueue operation on {name} is allowed every 60 seconds.");
            return Err(
                AwsError::new("PurgeQueueInProgress", message).with_status(http::StatusCode::FORBIDDEN)
            );
        }
        queue.purged = Some(now);
        queue.purge();
        Ok(())
    }

    /// Adds tags to a queue, or takes some away.
    pub fn change_tags(
        &mut self,
        name: &str,
        change: impl FnOnce(&mut BTreeMap<String, String>),
    ) -> Result<(), AwsError> {
        let queue = self.queue(name)?;
        let mut tags = queue.tags.clone();
        change(&mut tags);
        check_tags(&tags)?;
        queue.tags = tags;
        queue.record(Change::Queue);
        Ok(())
    }
}

/// Equal, or equal as JSON: policies may be written in several ways.
fn same(one: &str, other: &str) -> bool {
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    one == other || json(one).is_some_and(|one| Some(one) == json(other))
}

fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), AwsError> {
    if tags.len() > MAX_TAGS {
        return Err(errors::invalid(format!("Too many tags added for queue: at most {MAX_TAGS}.")));
    }
    let fits = |(key, value): (&String, &String)| {
        (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256 && !key.starts_with("aws:")
    };
    if tags.iter().all(fits) { Ok(()) } else { Err(errors::invalid("Tag keys or values are invalid.")) }
}
