//! What an integration is.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::secret::Secret;
use crate::{
    contact::Line,
    id::{ClientId, StoreId},
    oauth::RedirectUri,
    principal::Scope,
    tenant::{Mode, Tenant},
};

/// Whether an integration can keep a secret (OAuth 2.1, section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientType {
    /// It runs on a server, and has a secret.
    Confidential,
    /// It runs on its user's device, where everybody can read what it holds.
    Public,
}

/// How an integration gets its tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// A member of the staff logs in and agrees.
    AuthorizationCode,
    /// What was agreed to goes on.
    RefreshToken,
    /// It acts for itself.
    ClientCredentials,
}

impl GrantType {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
        }
    }
}

/// An integration as it is stored: everything but its secrets, of which there are hashes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// The store that registered it.
    pub store: StoreId,
    /// In which mode.
    pub mode: Mode,
    /// What people call it.
    pub name: Line,
    /// Whether it can keep a secret.
    pub client_type: ClientType,
    /// Where people are sent back to.
    pub redirect_uris: Vec<RedirectUri>,
    /// How it gets its tokens.
    pub grant_types: BTreeSet<GrantType>,
    /// What it may do at most.
    pub scopes: BTreeSet<Scope>,
    /// Its secrets, the newest last. More than one while a new one takes over.
    pub(super) secrets: Vec<Secret>,
    /// Counts its changes, from 1.
    pub version: u32,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Client {
    /// Whose integration it is.
    pub fn tenant(&self) -> Tenant {
        Tenant::of_own_record(self.store, self.mode)
    }

    /// Whether it was registered for this way to get tokens.
    pub fn uses(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    /// Whether `secret` is one of its secrets at `now`. All are compared, in constant time.
    pub fn has_secret(&self, secret: &str, now: Timestamp) -> bool {
        self.secrets.iter().fold(false, |found, known| found | known.is(secret, now))
    }

    /// Whether people may be sent back to `uri`.
    pub fn may_redirect_to(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|registered| registered.matches(uri))
    }
}
