//! What the rest of the emulated cloud asks of the queues, without going through the API.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

use super::{
    Outgoing, Received, Sqs, errors, policy::Request, receive::Receiving, send::Sending, state::State,
};
use crate::AwsError;

/// How many messages a queue has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// To be received.
    pub visible: usize,
    /// Received and not yet deleted.
    pub in_flight: usize,
    /// Sent with a delay that is not over.
    pub delayed: usize,
}

/// A queue at a glance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSummary {
    /// The name.
    pub name: String,
    /// Where clients reach it.
    pub url: String,
    /// The ARN.
    pub arn: String,
    /// Whether it keeps an order.
    pub fifo: bool,
    /// What is in it.
    pub depth: Depth,
    /// Who gets what it gives up on, and after how many receives.
    pub dead_letters: Option<(String, u32)>,
}

impl Sqs {
    /// Creates a queue, or finds it if it has these attributes already. Its URL.
    ///
    /// # Errors
    /// As `CreateQueue`.
    pub fn create_queue(
        &self,
        name: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<String, AwsError> {
        self.with(|state| state.create(name, attributes, BTreeMap::new()))
    }

    /// The ARN of a queue.
    pub fn arn_of(&self, url_or_name: &str) -> Option<String> {
        self.look(|state| {
            let name = state.name_of_url(url_or_name).unwrap_or(url_or_name);
            state.queues.get(name).map(|queue| queue.arn.clone())
        })
    }

    /// The URL of a queue.
    pub fn url_of(&self, arn: &str) -> Option<String> {
        self.look(|state| {
            let name = state.name_of_arn(arn).filter(|name| state.queues.contains_key(*name))?;
            Some(state.url(name))
        })
    }

    /// Receives up to `max` messages, of any number, and waits up to `wait` for the first.
    ///
    /// # Errors
    /// There is no such queue, or too much is in flight.
    pub async fn receive(
        &self,
        queue_arn: &str,
        max: usize,
        wait: Duration,
    ) -> Result<Vec<Received>, AwsError> {
        let name = self.name(queue_arn)?;
        self.poll(&name, &Receiving { max, wait, visibility: None, attempt: None }).await
    }

    /// Deletes a message.
    ///
    /// # Errors
    /// As `DeleteMessage`.
    pub fn delete(&self, queue_arn: &str, receipt_handle: &str) -> Result<(), AwsError> {
        let name = self.name(queue_arn)?;
        self.with(|state| state.delete_message(&name, receipt_handle))
    }

    /// Hides a received message for `timeout` from now; zero shows it at once.
    ///
    /// # Errors
    /// As `ChangeMessageVisibility`.
    pub fn change_visibility(
        &self,
        queue_arn: &str,
        receipt_handle: &str,
        timeout: Duration,
    ) -> Result<(), AwsError> {
        let name = self.name(queue_arn)?;
        let milliseconds = i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX / 2);
        self.with(|state| state.hide(&name, receipt_handle, milliseconds))
    }

    /// Sends for another service, such as `sns.amazonaws.com`, that acts for `source_arn`. The message id.
    ///
    /// # Errors
    /// `AccessDenied` unless the queue's policy lets that service send from there; else as `SendMessage`.
    pub fn deliver(
        &self,
        queue_arn: &str,
        principal_service: &str,
        source_arn: &str,
        message: Outgoing,
    ) -> Result<String, AwsError> {
        let name = self.name(queue_arn)?;
        self.with(|state| {
            let queue = state.queue(&name)?;
            let request = Request {
                service: principal_service,
                action: "sqs:SendMessage",
                resource: &queue.arn,
                source_arn,
                source_account: source_arn.split(':').nth(4).unwrap_or_default(),
            };
            if !queue.settings.policy.as_ref().is_some_and(|policy| policy.allows(&request)) {
                let message = format!(
                    "The policy of {queue_arn} doesn't let {principal_service} send from {source_arn}."
                );
                return Err(AwsError::new("AccessDenied", message).with_status(http::StatusCode::FORBIDDEN));
            }
            if queue.settings.values.get("KmsMasterKeyId").is_some_and(|key| key == "alias/aws/sqs") {
                // The policy of the key that AWS manages lets no service in, and can't be changed.
                let message =
                    format!("{principal_service} may not use the key of {queue_arn}, alias/aws/sqs.");
                return Err(AwsError::new("KmsAccessDenied", message));
            }
            let sending = Sending {
                body: message.body,
                attributes: message.message_attributes,
                group: message.group,
                // A standard queue takes what a FIFO topic fans out, without the ids of its order.
                deduplication: message.deduplication.filter(|_| queue.settings.fifo),
                ..Sending::default()
            };
            Ok(state.send(&name, principal_service, sending)?.message_id)
        })
    }

    /// How many messages are in a queue; none if there is no such queue.
    pub fn depth(&self, queue_arn: &str) -> Depth {
        let depth = |state: &mut State| {
            let name = state.name_of_arn(queue_arn)?.to_owned();
            state.queue(&name).ok().map(|queue| queue.depth())
        };
        self.look(depth).unwrap_or_default()
    }

    /// When the next hidden or delayed message, of any queue, becomes visible.
    pub fn next_change(&self) -> Option<Timestamp> {
        let due = self.look(|state| {
            let now = state.now();
            state.queues.values_mut().for_each(|queue| queue.settle(now));
            state.queues.values().filter_map(super::queue::Queue::next_due).min()
        });
        due.and_then(|due| Timestamp::from_millisecond(due).ok())
    }

    /// All queues, by name.
    pub fn queues(&self) -> Vec<QueueSummary> {
        self.look(|state| {
            let now = state.now();
            state.queues.values_mut().for_each(|queue| queue.settle(now));
            let summary = |queue: &super::queue::Queue| QueueSummary {
                name: queue.name.clone(),
                url: state.url(&queue.name),
                arn: queue.arn.clone(),
                fifo: queue.settings.fifo,
                depth: queue.depth(),
                dead_letters: queue
                    .settings
                    .redrive
                    .as_ref()
                    .map(|it| (it.target_arn.clone(), it.max_receives)),
            };
            state.queues.values().map(summary).collect()
        })
    }

    /// What needs no answer to a failed save: at worst, what expired is still in the file.
    pub(super) fn look<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.0.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        work(&mut state)
    }

    fn name(&self, queue_arn: &str) -> Result<String, AwsError> {
        self.look(|state| state.name_of_arn(queue_arn).map(str::to_owned)).ok_or_else(errors::no_such_queue)
    }
}
