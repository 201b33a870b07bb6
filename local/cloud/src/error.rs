//! How an emulated service says no: the code, message and status that AWS documents.

use http::StatusCode;

/// An error answer of a service, before it is written in the service's wire protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct AwsError {
    /// The HTTP status.
    pub status: StatusCode,
    /// The error code as AWS documents it, such as `AWS.SimpleQueueService.NonExistentQueue`.
    pub code: String,
    /// What a person reads.
    pub message: String,
}

impl AwsError {
    /// A refusal that is the caller's fault: status 400.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: code.into(), message: message.into() }
    }

    /// The same refusal with another status.
    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }
}
