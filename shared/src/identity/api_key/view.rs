//! API keys as callers see them.

use std::{collections::BTreeSet, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::model::{KeyKind, Listing};
use crate::{contact::Line, http::Limit, id::KeyId, metadata::Metadata, principal::Scope};

/// An API key, without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub struct ApiKeyView {
    /// Its id.
    pub id: KeyId,
    /// What people call it.
    pub name: Line,
    /// What it is for.
    pub kind: KeyKind,
    /// What its holder may do.
    pub scopes: BTreeSet<Scope>,
    /// The last four characters of its secret.
    pub hint: String,
    /// When the secret that it had before ends; absent where none goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub previous_secret_ends_at: Option<Timestamp>,
    /// When it was last used, to the hour; absent where it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
    /// The caller's own.
    pub metadata: Metadata,
    /// Counts its changes, from 1.
    pub version: u32,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// A key with its new secret, which is shown this once.
#[derive(Clone, Serialize, ToSchema)]
pub struct IssuedKey {
    /// The secret: what goes into the `Authorization` header. It can't be shown again.
    pub secret: String,
    /// The key.
    #[serde(flatten)]
    pub key: ApiKeyView,
}

// Debug output ends up in logs sooner or later.
impl fmt::Debug for IssuedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IssuedKey({})", self.key.id)
    }
}

/// What to list. The newest come first.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListKeys {
    /// How many at the most.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub limit: Limit,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// The key, as it is shown at `now`.
pub(super) fn view(key: Listing, now: Timestamp) -> ApiKeyView {
    let ends = key.rolled.as_ref().and_then(|rolled| Timestamp::from_second(rolled.ends).ok());
    ApiKeyView {
        scopes: key.scopes(),
        id: key.id,
        name: key.name,
        kind: key.kind,
        hint: key.hint,
        previous_secret_ends_at: ends.filter(|ends| now < *ends),
        last_used_at: key.last_used_at,
        metadata: key.metadata,
        version: key.version,
        created_at: key.created_at,
        updated_at: key.updated_at,
    }
}
