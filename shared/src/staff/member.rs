//! A member of the staff.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Role,
    contact::{self, Contact},
    custom,
};
use crate::{
    contact::Email,
    http::Problem,
    id::StaffId,
    principal::Scope,
    runtime::App,
    store::{self, StoreError, keys},
    tenant::Tenant,
    vault::{EmailHash, Sealed},
};

/// A member of a store's staff.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Member {
    /// Their id.
    pub id: StaffId,
    /// What they do.
    pub role: Role,
    /// What is known of them as a person.
    pub contact: Sealed<Contact>,
    /// The keyed hash of their address.
    pub email_hash: EmailHash,
    /// Counts their changes, from 1.
    pub version: u32,
    /// When they joined.
    pub created_at: Timestamp,
    /// When something about them last changed.
    pub updated_at: Timestamp,
}

/// The part of a member that says what they may do.
#[derive(Deserialize)]
struct HasRole {
    role: Role,
}

/// Whose an address is.
#[derive(Serialize, Deserialize)]
pub(super) struct Holder {
    pub(super) member: StaffId,
}

/// What a member of the staff may do now; nothing where they left.
///
/// # Errors
/// [`StoreError`].
pub async fn scopes(app: &App, tenant: Tenant, id: StaffId) -> Result<Option<BTreeSet<Scope>>, StoreError> {
    let member: Option<HasRole> = store::get(app, "member", &keys::member(tenant, id)).await?;
    let Some(member) = member else {
        return Ok(None);
    };
    let mut scopes = role_scopes(app, tenant, member.role).await?.unwrap_or_default();
    scopes.insert(Scope::AccountOwn);
    Ok(Some(scopes))
}

/// What the holders of `role` may do now; nothing where the store has no such role.
///
/// # Errors
/// [`StoreError`].
pub async fn role_scopes(
    app: &App,
    tenant: Tenant,
    role: Role,
) -> Result<Option<BTreeSet<Scope>>, StoreError> {
    Ok(custom::resolve(app, tenant, role).await?.map(|granted| granted.scopes))
}

/// The member `id`.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn find(app: &App, tenant: Tenant, id: StaffId) -> Result<Option<Member>, StoreError> {
    store::get(app, "member", &keys::member(tenant, id)).await
}

/// The member whose address this is.
///
/// # Errors
/// [`Problem`] where storage fails.
pub(super) async fn by_email(app: &App, tenant: Tenant, email: &Email) -> Result<Option<StaffId>, Problem> {
    let hash = contact::email_hash(app, tenant, email).await?;
    let holder: Option<Holder> = store::get(app, "staff email", &keys::staff_email(tenant, hash)).await?;
    Ok(holder.map(|holder| holder.member))
}

/// How to reach a member; nothing where they left or were erased.
///
/// # Errors
/// [`Problem`] where storage fails.
pub async fn contact_of(app: &App, tenant: Tenant, id: StaffId) -> Result<Option<Contact>, Problem> {
    match find(app, tenant, id).await? {
        Some(member) => contact::open(app, tenant, id, CONTACT, &member.contact).await,
        None => Ok(None),
    }
}

/// The name under which a contact is sealed.
pub(super) const CONTACT: &str = "contact";
