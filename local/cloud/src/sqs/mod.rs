//! Amazon SQS: standard and FIFO queues, as the developer guide describes them.
//!
//! Everything is in memory, in ordered sets, so that an operation costs the same however many messages
//! there are; what is due is found when a queue is next touched, not by a thread that looks for it. With a
//! folder, each operation is also written to `sqs.sqlite`.
//!
//! Not emulated: that a standard queue sometimes delivers twice or out of order, throttling, KMS, and the
//! policies that a queue has for principals other than services.

mod attempts;
mod check;
mod create;
pub(crate) mod dedup;
mod digest;
mod disk;
mod errors;
mod handle;
pub(crate) mod ids;
mod line;
mod message;
mod moves;
mod needs;
mod operations;
mod policy;
mod queue;
mod receive;
mod redrive;
mod send;
mod service;
mod settings;
mod settle;
mod state;
#[cfg(test)]
mod tests;

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

pub use disk::DiskError;
pub use errors::query_code;
pub use message::{AttributeValue, MessageAttribute, Outgoing, Received};
pub use service::{Depth, QueueSummary};

use crate::{AwsError, Place};
use disk::Disk;
use state::State;

/// The queue service of one account in one region. Clones share the queues.
#[derive(Clone)]
pub struct Sqs(Arc<Inner>);

struct Inner(Mutex<State>);

impl Sqs {
    /// Opens the service, with the queues and messages of `data` if a folder is given.
    ///
    /// # Errors
    /// The folder can't be written, or its file is not one of ours.
    pub fn open(place: Place, data: Option<&Path>) -> Result<Self, DiskError> {
        let disk = data.map(Disk::open).transpose()?;
        Ok(Self(Arc::new(Inner(Mutex::new(State::new(place, disk)?)))))
    }

    /// One operation, alone with all queues; saved before it is answered.
    fn with<T>(&self, work: impl FnOnce(&mut State) -> Result<T, AwsError>) -> Result<T, AwsError> {
        // A panic in an operation is a bug to be seen, not a reason to refuse the next one.
        let mut state = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = work(&mut state);
        state.commit()?;
        outcome
    }
}
