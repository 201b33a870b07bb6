//! Why the tables can't be read or written.

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use crate::runtime::StartError;

/// A failure of storage: nothing that the caller of the API did wrong. Nothing of an item is in its text.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The tables take no more just now. Worth trying again.
    #[error("the tables are busy: {0}")]
    Busy(String),
    /// The service did not do what was asked, or its answer was lost.
    #[error("DynamoDB: {0}")]
    Service(String),
    /// An item is not what this version of the code reads.
    #[error("an item of kind {kind} can't be read: {reason}")]
    Unreadable {
        /// What it should have been.
        kind: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The function's configuration lacks a table.
    #[error(transparent)]
    Configuration(#[from] StartError),
}

/// The beginning of serde's reason, up to where it quotes the value that it could not read.
pub(crate) fn unquoted(reason: &dyn std::fmt::Display) -> String {
    let reason = reason.to_string();
    reason.split('"').next().unwrap_or_default().trim_end().to_owned()
}

impl StoreError {
    /// What an SDK call failed with.
    pub(crate) fn of_call<E>(error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        SdkError<E>: std::error::Error,
    {
        match error.code() {
            Some(
                code @ ("ProvisionedThroughputExceededException"
                | "ThrottlingException"
                | "RequestLimitExceeded"
                | "TransactionConflictException"
                | "TransactionInProgressException"),
            ) => Self::Busy(code.to_owned()),
            Some(code) => {
                Self::Service(format!("{code}: {}", error.message().unwrap_or("the service gave no reason")))
            }
            None => Self::Service(DisplayErrorContext(error).to_string()),
        }
    }

    pub(crate) fn unreadable(kind: &'static str, reason: &dyn std::fmt::Display) -> Self {
        Self::Unreadable { kind, reason: unquoted(reason) }
    }
}
