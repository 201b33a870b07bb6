//! What a customer is.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    contact::{Address, Email, Line},
    credential::Password,
    http::{ETag, Limit},
    id::CustomerId,
    metadata::Metadata,
    vault::Sealed,
};

/// Addresses that a customer may keep.
pub(super) const MOST_ADDRESSES: usize = 20;

/// A customer to be registered.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCustomer {
    /// Where mails go, and what they log in with.
    pub email: Email,
    /// At least eight characters, of any kind, and none of the most common ones.
    pub password: Password,
    /// What to call them.
    pub name: Line,
    /// The caller's own.
    #[serde(default)]
    pub metadata: Metadata,
}

/// What changes of a customer. What is absent stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeCustomer {
    /// What to call them.
    pub name: Option<Line>,
    /// Their addresses, all of them: at most 20.
    pub addresses: Option<Vec<Address>>,
    /// The caller's own, all of it.
    pub metadata: Option<Metadata>,
}

/// A change of password by somebody who knows the present one.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The present one.
    pub current_password: Password,
    /// The one from now on.
    pub password: Password,
}

/// Which customers to list. Those who came first come first.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListCustomers {
    /// How many at the most.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub limit: Limit,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// What is known of a customer as a person. Kept sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Where mails go.
    pub email: Email,
    /// What to call them.
    pub name: Line,
    /// Where their parcels go.
    #[serde(default)]
    pub addresses: Vec<Address>,
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Profile(…)")
    }
}

/// A customer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Customer {
    /// Their id.
    pub id: CustomerId,
    /// What is known of them as a person.
    pub profile: Sealed<Profile>,
    /// Whether they showed that they read mails at their address.
    pub email_verified: bool,
    /// The caller's own.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
    /// Counts their changes, from 1.
    pub version: u32,
    /// When they registered.
    pub created_at: Timestamp,
    /// When something about them last changed.
    pub updated_at: Timestamp,
}

impl Customer {
    /// Tells this version of them from every other.
    pub fn etag(&self) -> ETag {
        ETag::of_version(self.version)
    }

    /// What goes on in one change of them.
    pub(super) fn changed(&self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }
}
