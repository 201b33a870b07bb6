//! Reads `template.yaml` into a [`Stack`]: the same file that deploys to AWS, resolved for this machine.
//!
//! What the local market can't run is refused by name and place, never passed over: a template that opens
//! here means the same here as there.

mod api;
mod error;
mod function;
mod intrinsics;
mod load;
mod messaging;
mod names;
mod parameters;
mod read;
mod sources;
mod stack;
pub(crate) mod storage;
mod typed;
mod when;

#[cfg(test)]
mod tests;

pub use api::{Authorizer, Cors, HttpApi, Route, Throttle};
pub use error::TemplateError;
pub use load::{TemplateOptions, load};
pub use messaging::{Queue, QueuePolicy, Subscription, Topic};
pub use sources::{Destination, QueueSource, Schedule, StreamSource};
pub use stack::{FunctionSpec, Stack, StackPlace};
pub use storage::{EncryptionKey, Secret, SecretValue, Table, TableStream};
pub use when::{Cron, When};
