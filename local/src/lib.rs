//! Runs `template.yaml` on this machine: the whole market in one process, with no Docker and no AWS account.

pub mod engine;
mod functions;
pub mod template;

pub use functions::functions;
