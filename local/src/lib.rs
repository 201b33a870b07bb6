//! Runs `template.yaml` on this machine: the whole market in one process, with no Docker and no AWS account.
//!
//! [`template`] reads it, [`engine`] executes it, [`console`] says what happens, [`seed`] fills the demo store.

pub mod bill;
pub mod cli;
pub mod console;
pub mod engine;
mod functions;
pub mod seed;
pub mod template;

pub use functions::functions;
