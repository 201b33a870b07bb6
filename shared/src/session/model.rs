//! What a session is.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    contact::Line,
    id::{ClientId, SessionId, StoreId},
    principal::{Scope, Who},
    tenant::{Mode, Tenant},
};

/// A log-in on one device, or the grant of an integration that acts for somebody. It is alive while its item is there:
/// to revoke it is to delete it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Who logged in.
    pub who: Who,
    /// The integration that acts for them, where it is not they themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientId>,
    /// What it may do at most; whatever its holder may, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<BTreeSet<Scope>>,
    /// What the device calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Line>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub used_at: Timestamp,
    /// When it ends, however often it is refreshed.
    pub ends_at: Timestamp,
    /// When it ends unless it is refreshed, in seconds since 1970: DynamoDB deletes it some time after.
    pub expires: i64,
}

/// A session to be begun.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Who logged in.
    pub who: Who,
    /// The integration that acts for them.
    pub client: Option<ClientId>,
    /// What it may do at most.
    pub scopes: Option<BTreeSet<Scope>>,
    /// What the device calls itself.
    pub device: Option<Line>,
}

/// A refresh token as it is stored: everything but the token, whose hash is its address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshRecord {
    /// Whose store.
    pub store: StoreId,
    /// In which mode.
    pub mode: Mode,
    /// Who logged in.
    pub who: Who,
    /// The family it belongs to.
    pub session: SessionId,
    /// When it was exchanged for the next one, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<i64>,
    /// When it ends, in seconds since 1970.
    pub expires: i64,
}

impl RefreshRecord {
    /// The tenant that the token opens.
    pub fn tenant(&self) -> Tenant {
        Tenant::of_own_record(self.store, self.mode)
    }
}

impl Session {
    /// Whether it is good at `now`. DynamoDB deletes what has expired late.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now < self.ends_at && now.as_second() < self.expires
    }

    /// How many days a grant to an integration lives without being refreshed, and in all.
    pub fn days_of_grant(who: Who, client: ClientId) -> (i64, i64) {
        let (idle, whole) = Self::lifetimes(who, Some(client));
        (idle.as_hours() / 24, whole.as_hours() / 24)
    }

    /// How long it lives without being refreshed, and in all. A member of the staff can do more harm than a shopper.
    pub(super) fn lifetimes(who: Who, client: Option<ClientId>) -> (SignedDuration, SignedDuration) {
        let days = |days: i64| SignedDuration::from_hours(24 * days);
        match (who, client) {
            (_, Some(_)) => (days(90), days(365)),
            (Who::Staff(_), None) => (days(1), days(14)),
            _ => (days(30), days(180)),
        }
    }
}
