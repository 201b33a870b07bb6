//! What an API key is, and what is asked about one.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, schema::Schema},
};

use crate::{
    contact::Line,
    id::{KeyId, StoreId},
    metadata::Metadata,
    principal::Scope,
    tenant::Mode,
};

/// What a key is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// `pk_…`: for a storefront, where everybody can read it.
    Publishable,
    /// `sk_…`: for the shop's own systems.
    #[default]
    Secret,
}

impl KeyKind {
    /// What its holder may do at most.
    pub fn scopes(self) -> BTreeSet<Scope> {
        match self {
            Self::Publishable => Scope::PUBLISHABLE.into(),
            Self::Secret => Scope::grantable(),
        }
    }

    /// What its secrets begin with.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::Publishable => "pk",
            Self::Secret => "sk",
        }
    }
}

/// An API key as every request finds it: everything but the secret, whose hash is its address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its id, which may be shown.
    pub id: KeyId,
    /// The store it opens.
    pub store: StoreId,
    /// In which mode.
    pub mode: Mode,
    /// What it is for.
    #[serde(rename = "key_kind")]
    pub kind: KeyKind,
    /// What its holder may do; all that such a key may, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<BTreeSet<Scope>>,
    /// When it ends, in seconds since 1970. A key that was rolled goes on for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
    /// When a use of it was last noted, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noted_at: Option<i64>,
}

/// A secret that was rolled and goes on for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rolled {
    /// The hash of the secret.
    pub hash: String,
    /// When it ends, in seconds since 1970.
    pub ends: i64,
}

/// An API key as it stands in its store's list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Listing {
    pub id: KeyId,
    pub name: Line,
    #[serde(rename = "key_kind")]
    pub kind: KeyKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<BTreeSet<Scope>>,
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
    /// The end of the secret, by which people tell their keys apart.
    pub hint: String,
    /// The hash of the secret.
    pub hash: String,
    /// The secret before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled: Option<Rolled>,
    pub version: u32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
}

impl Listing {
    /// What the key's holder may do.
    pub fn scopes(&self) -> BTreeSet<Scope> {
        self.scopes.clone().unwrap_or_else(|| self.kind.scopes())
    }
}

/// A key to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// What people call it.
    pub name: Line,
    /// `secret` for the shop's own systems, `publishable` for a storefront.
    #[serde(default)]
    pub kind: KeyKind,
    /// What its holder may do: nothing that the caller may not. Where absent, all that the caller may, as far as such
    /// a key can.
    #[serde(default)]
    pub scopes: Option<BTreeSet<Scope>>,
    /// The caller's own.
    #[serde(default)]
    pub metadata: Metadata,
}

/// What is to change about a key.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeKey {
    /// What people call it.
    pub name: Option<Line>,
    /// The caller's own. Replaces what was there.
    pub metadata: Option<Metadata>,
}

/// A key to be given another secret.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RollKey {
    /// How long the secret that it has now goes on. None at all, where absent.
    #[serde(default)]
    pub overlap_seconds: Overlap,
}

/// Seconds for which two secrets of a key are good: up to a week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub struct Overlap(u32);

impl Overlap {
    const MOST: u32 = 7 * 24 * 3600;

    /// As a number.
    pub fn seconds(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Overlap {
    type Error = String;

    fn try_from(seconds: u32) -> Result<Self, String> {
        let fits = seconds <= Self::MOST;
        fits.then_some(Self(seconds)).ok_or_else(|| format!("must be at most {}, a week", Self::MOST))
    }
}

impl PartialSchema for Overlap {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::Integer)
            .minimum(Some(0))
            .maximum(Some(Self::MOST))
            .examples([86_400])
            .into()
    }
}

impl ToSchema for Overlap {}
