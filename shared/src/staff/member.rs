//! A member of the staff.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Role;
use crate::{
    id::StaffId,
    principal::Scope,
    runtime::App,
    store::{self, StoreError, keys},
    tenant::Tenant,
};

/// A member of a store's staff.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Member {
    /// Their id.
    pub id: StaffId,
    /// What they do.
    pub role: Role,
    /// Counts their changes, from 1.
    pub version: u32,
    /// When they joined.
    pub created_at: Timestamp,
    /// When something about them last changed.
    pub updated_at: Timestamp,
}

/// A role that a store made, as far as it says what its members may do.
#[derive(Deserialize)]
struct Granted {
    scopes: BTreeSet<Scope>,
}

/// What a member of the staff may do now; nothing where they left.
///
/// # Errors
/// [`StoreError`].
pub async fn scopes(app: &App, tenant: Tenant, id: StaffId) -> Result<Option<BTreeSet<Scope>>, StoreError> {
    let member: Option<Member> = store::get(app, "member", &keys::member(tenant, id)).await?;
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
    let Role::Custom(id) = role else { return Ok(role.scopes()) };
    let role: Option<Granted> = store::get(app, "role", &keys::role(tenant, id)).await?;
    Ok(role.map(|role| role.scopes))
}
