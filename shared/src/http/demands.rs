//! What a route asks of who calls it.

use crate::principal::Scope;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Whoever holds a key with this scope.
    Scope(Scope),
}

/// Whether a route asks for an `Idempotency-Key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// It is a read, or carries its own identity.
    Ignored,
    /// Honored where it is given.
    Optional,
    /// The route moves money or stock: 400 without one.
    Required,
    /// As [`Self::Required`]; the handler itself asks for the answer that was given before ([`Call::earlier`](super::Call::earlier)), because a
    /// client that waits is told what came of it, and not only that it was begun.
    Followed,
    /// As [`Self::Followed`]; what the request changes keeps its [`Mark`](super::Mark) itself, and tells the answer by it,
    /// so that no answer is written beside it.
    Kept,
}

impl Keys {
    pub(super) fn are_required(self) -> bool {
        matches!(self, Self::Required) || self.are_followed()
    }

    /// Whether the handler itself finds out what was answered before.
    pub(super) fn are_followed(self) -> bool {
        matches!(self, Self::Followed | Self::Kept)
    }
}
