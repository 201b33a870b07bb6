//! An entry of the chain, and what its hash is made of.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Action, Actor, Digest, Network, Note};
use crate::{
    id::{AuditId, StoreId},
    tenant::{Mode, Tenant},
};

/// An entry of a store's audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct Entry {
    /// Its place in the store's chain, from 1.
    pub seq: u64,
    /// Its id.
    pub id: AuditId,
    /// The store.
    pub store: StoreId,
    /// In which mode.
    pub mode: Mode,
    /// When it was done.
    #[serde(with = "millis")]
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What was done.
    pub action: Action,
    /// What it was done to: a path of the API, or an id.
    pub resource: String,
    /// The digest of what was stored before, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Digest>,
    /// The digest of what was stored by it, where something was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Digest>,
    /// The network that the request came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Network>,
    /// The request that did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The hash of the entry before; zeros before the first.
    pub prev_hash: Digest,
    /// The hash of all of the above.
    pub hash: Digest,
}

/// How far a chain goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AuditHead)]
pub struct Head {
    /// The last entry's place; 0 where there is none.
    pub seq: u64,
    /// The last entry's hash; zeros where there is none.
    pub hash: Digest,
}

impl Head {
    /// Before the first entry.
    pub const START: Self = Self { seq: 0, hash: Digest::ZERO };
}

impl Entry {
    /// The entry that `note` becomes after `head`.
    pub(super) fn after(tenant: Tenant, head: Head, note: Note) -> Self {
        let Note { id, at, actor, action, resource, before, after, from, request_id } = note;
        let mut entry = Self {
            seq: head.seq + 1,
            id,
            store: tenant.store(),
            mode: tenant.mode(),
            at,
            actor,
            action,
            resource,
            before,
            after,
            from,
            request_id,
            prev_hash: head.hash,
            hash: Digest::ZERO,
        };
        entry.hash = entry.computed_hash();
        entry
    }

    /// Whose it says it is.
    pub fn tenant(&self) -> Tenant {
        Tenant::of_own_record(self.store, self.mode)
    }

    /// The chain up to it.
    pub fn head(&self) -> Head {
        Head { seq: self.seq, hash: self.hash }
    }

    /// The hash that belongs to what it says.
    pub fn computed_hash(&self) -> Digest {
        let mut out = b"souk.audit.entry.v1".to_vec();
        let mut field = |bytes: Option<&[u8]>| match bytes {
            // No field is as long as what stands for an absent one.
            None => out.extend_from_slice(&u64::MAX.to_be_bytes()),
            Some(bytes) => {
                out.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
                out.extend_from_slice(bytes);
            }
        };
        field(Some(self.store.to_string().as_bytes()));
        field(Some(self.mode.as_str().as_bytes()));
        field(Some(&self.seq.to_be_bytes()));
        field(Some(self.id.to_string().as_bytes()));
        field(Some(millis::text(&self.at).as_bytes()));
        field(Some(self.actor.to_string().as_bytes()));
        field(Some(self.action.as_str().as_bytes()));
        field(Some(self.resource.as_bytes()));
        field(self.before.as_ref().map(|digest| digest.bytes().as_slice()));
        field(self.after.as_ref().map(|digest| digest.bytes().as_slice()));
        field(self.from.map(|network| network.to_string()).as_deref().map(str::as_bytes));
        field(self.request_id.as_deref().map(str::as_bytes));
        field(Some(self.prev_hash.bytes()));
        Digest::of(&out)
    }
}

/// Times to the millisecond, always with three digits, so that they sort as text.
pub(super) mod millis {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn text(at: &Timestamp) -> String {
        format!("{at:.3}")
    }

    pub(crate) fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&text(at))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        Timestamp::deserialize(deserializer)
    }
}
