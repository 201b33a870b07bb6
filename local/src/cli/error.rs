//! Why a command can't do its work, in one line.

use std::path::PathBuf;

use crate::{engine::MarketError, seed::SeedError};

#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    #[error("there is no template {0}; name one with --template")]
    NoTemplate(PathBuf),
    #[error("there is no template.yaml here or in a folder above; name one with --template")]
    NoTemplateAbove,
    #[error("{path} can't be read: {source}")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("port {port} is in use (by another market?); choose another with {flag}, or 0 for a free one")]
    PortInUse { port: u16, flag: &'static str },
    #[error("port {port} can't be listened on: {source}; choose another with {flag}")]
    Port { port: u16, flag: &'static str, source: std::io::Error },
    #[error(transparent)]
    Market(#[from] MarketError),
    #[error("the demo store can't be made: {0}")]
    Seed(#[from] SeedError),
    #[error("{path} isn't JSON: {reason}")]
    NotJson { path: PathBuf, reason: String },
    #[error("the demo broke off: {0}")]
    Demo(String),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
