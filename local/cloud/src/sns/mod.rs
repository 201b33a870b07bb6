//! Amazon SNS: topics that fan out to queues.
//!
//! Deliveries are made before `Publish` answers. Topics and subscriptions are in memory only: whoever
//! starts the service creates them again.
//!
//! Not emulated: protocols other than `sqs`, signatures, archives and replays, KMS, throttling, and topic
//! policies.

mod check;
mod envelope;
mod errors;
mod filter;
mod form;
mod needs;
mod operations;
mod publish;
mod state;
mod subscription;
mod topic;
mod xml;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{AwsError, Place, sqs::Sqs};
use state::State;

/// The topics of one account in one region. Clones share them.
#[derive(Clone)]
pub struct Sns(Arc<Inner>);

struct Inner {
    sqs: Sqs,
    state: Mutex<State>,
}

/// Says of a batch entry's id whether it fails.
pub type Refuses = Arc<dyn Fn(&str) -> bool + Send + Sync>;

impl Sns {
    /// Opens the service, which delivers to `sqs`.
    ///
    /// # Errors
    /// None today; `data` is where topics would be kept.
    pub fn open(place: Place, sqs: Sqs, _data: Option<&Path>) -> Result<Self, AwsError> {
        Ok(Self(Arc::new(Inner { sqs, state: Mutex::new(State::new(place)) })))
    }

    /// Creates a topic, or finds it if it has these attributes already. Its ARN.
    ///
    /// # Errors
    /// As `CreateTopic`.
    pub fn create_topic(
        &self,
        name: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<String, AwsError> {
        self.state().create(name, attributes, BTreeMap::new())
    }

    /// Subscribes a queue to a topic. The subscription's ARN.
    ///
    /// # Errors
    /// As `Subscribe`.
    pub fn subscribe(
        &self,
        topic_arn: &str,
        queue_arn: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<String, AwsError> {
        self.state().subscribe(topic_arn, "sqs", queue_arn, attributes)
    }

    /// Makes entries of `PublishBatch` fail by their id, as happens when SNS itself has a fault; `None`
    /// ends it.
    pub fn fail_entries(&self, refuses: Option<Refuses>) {
        self.state().refuses = refuses;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic in an operation is a bug to be seen, not a reason to refuse the next one.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
