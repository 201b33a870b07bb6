//! What a customer is.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    contact::{Address, Email, Line},
    credential::Password,
    http::{ETag, Limit},
    id::{CustomerId, PrivacyRequestId},
    metadata::Metadata,
    pricing::CustomerGroup,
    text::given,
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

/// What staff change of a customer. What is absent stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ManageCustomer {
    /// The group that they are in, which price lists and promotions may name; null for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<CustomerGroup>)]
    pub group: Option<Option<CustomerGroup>>,
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
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Where mails go. Unknown of one whom another identity provider logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// What to call them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Line>,
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
    /// What is known of them as a person; absent where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Sealed<Profile>>,
    /// Whether they showed that they read mails at their address.
    pub email_verified: bool,
    /// The caller's own.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
    /// The group that they are in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<CustomerGroup>,
    /// Counts their changes, from 1.
    pub version: u32,
    /// When they registered.
    pub created_at: Timestamp,
    /// When something about them last changed.
    pub updated_at: Timestamp,
    /// When they last logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_at: Option<Timestamp>,
    /// That they were erased: then this is all there is of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased: Option<Erased>,
}

/// What is left of a customer who was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// When.
    pub at: Timestamp,
    /// The erasure.
    pub request: PrivacyRequestId,
}

impl Customer {
    /// One of whom nothing is known.
    pub(crate) fn unknown(id: CustomerId, now: Timestamp) -> Self {
        Self {
            id,
            profile: None,
            email_verified: false,
            metadata: Metadata::default(),
            group: None,
            version: 1,
            created_at: now,
            updated_at: now,
            active_at: None,
            erased: None,
        }
    }

    /// What is left of them after the erasure `request`.
    pub(crate) fn tombstone(&self, request: PrivacyRequestId, now: Timestamp) -> Self {
        let nothing = Self { created_at: self.created_at, ..Self::unknown(self.id, now) };
        Self { version: self.version + 1, erased: Some(Erased { at: now, request }), ..nothing }
    }

    /// When they were last seen, as far as their account tells.
    pub fn last_seen(&self) -> Timestamp {
        self.active_at.map_or(self.updated_at, |active| active.max(self.updated_at))
    }

    /// Tells this version of them from every other.
    pub fn etag(&self) -> ETag {
        ETag::of_version(self.version)
    }

    /// What goes on in one change of them.
    pub(super) fn changed(&self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }
}
