//! An error answer on its way to the wire.

use serde_json::{Map, Value};

use crate::AwsError;

/// What a service answers instead of doing what was asked: the error, and what its body carries besides code
/// and message (`CancellationReasons`, `Item`, `ThrottlingReasons`).
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{error}")]
pub struct Refusal {
    /// Status, code and message.
    pub error: AwsError,
    /// Further members of a JSON error body.
    pub members: Map<String, Value>,
}

impl Refusal {
    /// The same refusal with one more member in its body.
    #[must_use]
    pub fn with_member(mut self, name: &str, value: Value) -> Self {
        self.members.insert(name.to_owned(), value);
        self
    }
}

impl From<AwsError> for Refusal {
    fn from(error: AwsError) -> Self {
        Self { error, members: Map::new() }
    }
}
