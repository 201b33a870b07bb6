//! Customers as callers see them.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{Customer, Profile};
use crate::{
    contact::{Address, Email, Line},
    id::CustomerId,
    metadata::Metadata,
    pricing::CustomerGroup,
};

/// A customer.
#[derive(Clone, Serialize, ToSchema)]
pub struct CustomerView {
    /// Their id.
    pub id: CustomerId,
    /// Where mails go. Absent where nobody knows, and once they were erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Whether they showed that they read mails there.
    pub email_verified: bool,
    /// What to call them. Absent where nobody knows, and once they were erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Line>,
    /// Whether what was known of them was erased.
    pub erased: bool,
    /// Where their parcels go.
    pub addresses: Vec<Address>,
    /// The caller's own.
    pub metadata: Metadata,
    /// The group that staff put them in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<CustomerGroup>,
    /// Counts their changes, from 1.
    pub version: u32,
    /// When they registered.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When something about them last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

impl CustomerView {
    /// `customer`, with what is known of them.
    pub fn of(customer: &Customer, profile: Option<Profile>) -> Self {
        let Profile { email, name, addresses } = profile.unwrap_or_default();
        Self {
            id: customer.id,
            email,
            email_verified: customer.email_verified,
            name,
            erased: customer.erased.is_some(),
            addresses,
            metadata: customer.metadata.clone(),
            group: customer.group.clone(),
            version: customer.version,
            created_at: customer.created_at,
            updated_at: customer.updated_at,
        }
    }
}
