//! Integrations as their store sees them.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::model::{Client, ClientType, GrantType};
use crate::{
    contact::Line,
    http::{Limit, Problem},
    id::ClientId,
    oauth::RedirectUri,
    principal::Scope,
};

/// How long a rolled secret goes on unless said otherwise, and at most.
const OVERLAP: (SignedDuration, SignedDuration) =
    (SignedDuration::from_hours(24), SignedDuration::from_hours(7 * 24));

/// An integration.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = OAuthClient)]
pub struct ClientView {
    /// Its id: `client_id`.
    pub id: ClientId,
    /// What people call it.
    pub name: Line,
    /// Whether it can keep a secret.
    #[serde(rename = "type")]
    pub client_type: ClientType,
    /// Where staff are sent back to.
    pub redirect_uris: Vec<RedirectUri>,
    /// How it gets its tokens.
    pub grant_types: BTreeSet<GrantType>,
    /// What it may do at most.
    pub scopes: BTreeSet<Scope>,
    /// Its newest secret, `cs_…`: shown when it was made, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// When the secrets before the newest one end, in order.
    #[schema(value_type = Vec<String>)]
    pub earlier_secrets_end: Vec<Timestamp>,
    /// Counts its changes, from 1.
    pub version: u32,
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

// May hold a secret, which debug output must not tell.
impl std::fmt::Debug for ClientView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ClientView({})", self.id)
    }
}

impl ClientView {
    /// `client` at `now`, with its secret where that was just made.
    pub fn of(client: &Client, client_secret: Option<String>, now: Timestamp) -> Self {
        let ends =
            client.secrets.iter().filter(|secret| secret.is_good(now)).filter_map(|secret| secret.ends);
        Self {
            id: client.id,
            name: client.name.clone(),
            client_type: client.client_type,
            redirect_uris: client.redirect_uris.clone(),
            grant_types: client.grant_types.clone(),
            scopes: client.scopes.clone(),
            client_secret,
            earlier_secrets_end: ends.filter_map(|end| Timestamp::from_second(end).ok()).collect(),
            version: client.version,
            created_at: client.created_at,
            updated_at: client.updated_at,
        }
    }
}

/// Which integrations to list, the oldest first.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListClients {
    /// How many at the most.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub limit: Limit,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// A secret to be rolled.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RollSecret {
    /// For how many seconds the secrets so far go on: a day unless said otherwise, a week at most, 0 where one leaked.
    #[schema(maximum = 604_800)]
    pub overlap_seconds: Option<u32>,
}

impl RollSecret {
    /// How long the secrets so far go on.
    ///
    /// # Errors
    /// 422 where that is too long.
    pub fn overlap(&self) -> Result<SignedDuration, Problem> {
        let (usual, most) = OVERLAP;
        let overlap = self.overlap_seconds.map_or(usual, |seconds| SignedDuration::from_secs(seconds.into()));
        if overlap > most {
            return Err(Problem::invalid("overlap_seconds", "A week is the most: 604800."));
        }
        Ok(overlap)
    }
}
