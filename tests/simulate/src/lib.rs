//! The whole market under a seeded storm of faults.
//!
//! One run is one seed: the real handlers behind the real SDK clients, on one thread, in virtual time, with faults in
//! the connector, in the execution environments, at the payment provider and in the clients. A model that shares no code
//! with the handlers holds every commit against what must always hold; then the storm ends, and everything has to
//! settle.

// Only tests use it: what goes wrong here ends one.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bug;
mod campaign;
pub mod client;
pub mod exhaustive;
pub mod flash;
mod hash;
pub mod history;
mod item;
mod kind;
pub mod model;
mod partial;
pub mod people;
mod plan;
mod run;
mod shrink;
pub mod stage;
pub mod watch;
pub mod weather;

pub use bug::{BUGS, Bug};
pub use campaign::{Bounds, Tally, campaign};
pub use kind::Kind;
pub use plan::Plan;
pub use run::{Report, run};
pub use shrink::shrink;
pub use weather::Counts;
