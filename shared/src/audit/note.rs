//! Notes: what is to be told, written in the same transaction as what it tells of.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Action, Actor, Digest, Network};
use crate::{
    id::AuditId,
    runtime::App,
    store::{self, Key, StoreError, Write, WriteError, keys},
    tenant::Tenant,
};

/// How long the stream has to bring a note to `record-audit` before the sweeper sends it again.
const PATIENCE: SignedDuration = SignedDuration::from_mins(5);

/// Something that was done, until it has its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Names the entry.
    pub id: AuditId,
    /// When it was done, to the millisecond.
    #[serde(with = "super::entry::millis")]
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What was done.
    pub action: Action,
    /// What it was done to: a path of the API, or an id.
    pub resource: String,
    /// The digest of the item that was there before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Digest>,
    /// The digest of the item that was put.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Digest>,
    /// From where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Network>,
    /// The request that did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Note {
    /// `actor` does `action` to `resource` now.
    pub fn new(app: &App, actor: impl Into<Actor>, action: Action, resource: impl Into<String>) -> Self {
        let at = Timestamp::from_millisecond(app.now().as_millisecond()).unwrap_or_default();
        let (id, actor, resource) = (AuditId::new(app), actor.into(), resource.into());
        Self { id, at, actor, action, resource, before: None, after: None, from: None, request_id: None }
    }

    /// Adds the digests of what the first of `writes` that says so, or else the first put, changes.
    #[must_use]
    pub fn of_writes(self, writes: &[Write]) -> Self {
        let subject = writes.iter().find(|write| write.is_subject());
        let subject = subject.or_else(|| writes.iter().find(|write| write.after().is_some()));
        let (before, after) = subject.map(|write| (write.before(), write.after())).unwrap_or_default();
        Self { before, after, ..self }
    }

    /// The write that leaves the note. Commit it together with what it tells of.
    ///
    /// # Errors
    /// [`StoreError`] where it can't be written down.
    pub fn write(&self, tenant: Tenant) -> Result<Write, StoreError> {
        let shard = u64::try_from(self.id.bits() % u128::from(keys::DUE_SHARDS)).unwrap_or(0);
        Ok(Write::create("audit", keys::audit_note(tenant, self.id), self)?
            .with("due_shard", AttributeValue::S(keys::due_shard(shard)))
            .with("due_at", AttributeValue::S(store::due_at(self.at + PATIENCE))))
    }
}

/// The write that notes that `actor` does `action` to `resource`, for work that has no request. A handler has
/// `Call::audit`, which also tells from where and by which request.
///
/// # Errors
/// [`StoreError`] where it can't be written down.
pub fn entry(
    app: &App,
    tenant: Tenant,
    actor: impl Into<Actor>,
    action: Action,
    resource: impl Into<String>,
) -> Result<Write, StoreError> {
    Note::new(app, actor, action, resource).write(tenant)
}

/// Sends a note that nobody recorded once more: the change of when to look again is a record of the table's stream, as
/// the note itself was.
///
/// # Errors
/// [`StoreError`].
pub async fn remind(app: &App, note: Key) -> Result<(), StoreError> {
    let update = Write::update(note, "SET due_at = :due")
        .when("attribute_exists(pk)")
        .text(":due", store::due_at(app.now() + PATIENCE));
    match store::commit(app, vec![update]).await {
        // Recorded meanwhile.
        Ok(()) | Err(WriteError::Refused(_)) => Ok(()),
        Err(WriteError::Store(error)) => Err(error),
    }
}
