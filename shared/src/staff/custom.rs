//! Roles that a store makes for its staff.
//!
//! Such a role counts who has it, in the transaction that gives or takes it: so it can't be removed while anybody has
//! it. Whoever gives it does so on condition that it is as they saw it: so they can't give more than they looked at.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Role;
use crate::{
    contact::Line,
    http::{Call, Code, CommitError, ETag, List, Nothing, Problem, Reply},
    id::RoleId,
    identity::grant::{can_be_given, within_own_rights},
    principal::Scope,
    runtime::App,
    store::{self, StoreError, Table, Write, keys},
    tenant::Tenant,
};

/// Roles that a store can make.
const MOST: usize = 50;

/// A role as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Custom {
    id: RoleId,
    name: Line,
    scopes: BTreeSet<Scope>,
    /// How many members have it.
    members: u32,
    version: u32,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// What a role lets its members do, as it was read.
#[derive(Clone, Debug)]
pub(super) struct Granted {
    pub role: Role,
    pub scopes: BTreeSet<Scope>,
    /// The version of a role that the store made.
    version: u32,
}

/// A role.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = StaffRole)]
pub struct RoleView {
    /// What a member's `role` says.
    pub id: Role,
    /// What people call it.
    pub name: String,
    /// What its members may do.
    pub scopes: BTreeSet<Scope>,
    /// Whether every store has it. Such a role can't be changed.
    pub built_in: bool,
    /// Counts its changes, from 1.
    pub version: u32,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub updated_at: Option<Timestamp>,
}

/// A role to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRole {
    /// What people call it.
    pub name: Line,
    /// What its members may do: nothing that the caller may not.
    pub scopes: BTreeSet<Scope>,
}

/// What is to change about a role.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRole {
    /// What people call it.
    pub name: Option<Line>,
    /// What its members may do, from their next request on.
    pub scopes: Option<BTreeSet<Scope>>,
}

/// What `role` lets its members do; nothing where the store has no such role.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn resolve(app: &App, tenant: Tenant, role: Role) -> Result<Option<Granted>, StoreError> {
    match (role.scopes(), role) {
        (None, Role::Custom(id)) => {
            let custom: Option<Custom> = store::get(app, "role", &keys::role(tenant, id)).await?;
            Ok(custom.map(|custom| Granted { role, scopes: custom.scopes, version: custom.version }))
        }
        (scopes, _) => Ok(scopes.map(|scopes| Granted { role, scopes, version: 0 })),
    }
}

/// The role of a request's field `role`.
///
/// # Errors
/// 422 where the store has no such role.
pub(super) async fn named(app: &App, tenant: Tenant, role: Role) -> Result<Granted, Problem> {
    let unknown = || Problem::new(Code::UnknownRole, format!("The store has no role {role}.")).at("role");
    resolve(app, tenant, role).await?.ok_or_else(unknown)
}

impl Granted {
    /// The write that counts one more who has the role, on condition that it is as it was read.
    pub(super) fn given(&self, tenant: Tenant) -> Option<Write> {
        match self.role {
            Role::Owner => Some(Write::update(keys::owners(tenant), "ADD owners :one").number(":one", 1)),
            Role::Custom(id) => Some(
                Write::update(keys::role(tenant, id), "SET members = members + :one")
                    .when("#version = :read")
                    .name("#version", "version")
                    .number(":one", 1)
                    .number(":read", self.version),
            ),
            _ => None,
        }
    }

    /// The write that counts one less. The last owner can't be taken away.
    pub(super) fn taken(&self, tenant: Tenant) -> Option<Write> {
        match self.role {
            Role::Owner => Some(
                Write::update(keys::owners(tenant), "SET owners = owners - :one")
                    .when("owners > :one")
                    .number(":one", 1),
            ),
            Role::Custom(id) => Some(
                Write::update(keys::role(tenant, id), "SET members = members - :one")
                    .when("members >= :one")
                    .number(":one", 1),
            ),
            _ => None,
        }
    }
}

fn view(role: Custom) -> RoleView {
    RoleView {
        id: Role::Custom(role.id),
        name: role.name.to_string(),
        scopes: role.scopes,
        built_in: false,
        version: role.version,
        created_at: Some(role.created_at),
        updated_at: Some(role.updated_at),
    }
}

fn built_in(role: Role) -> RoleView {
    let name = match role {
        Role::Owner => "Owner",
        Role::Manager => "Manager",
        Role::Fulfillment => "Fulfillment",
        Role::Support => "Support",
        Role::ReadOnly | Role::Custom(_) => "Read-only",
    };
    RoleView {
        id: role,
        name: name.to_owned(),
        scopes: role.scopes().unwrap_or_default(),
        built_in: true,
        version: 1,
        created_at: None,
        updated_at: None,
    }
}

async fn all(app: &App, tenant: Tenant) -> Result<Vec<Custom>, StoreError> {
    store::query_all(app, "role", Table::State, &keys::roles(tenant)).await
}

/// Every role that members can have: those that every store has, then the store's own.
///
/// # Errors
/// [`Problem`] where storage fails.
pub async fn list_roles(app: &App, tenant: Tenant) -> Result<List<RoleView>, Problem> {
    let own = all(app, tenant).await?.into_iter().map(view);
    let data = Role::BUILT_IN.into_iter().map(built_in).chain(own).collect();
    Ok(List { data, has_more: false, next_cursor: None })
}

/// Makes a role.
///
/// # Errors
/// 403 where it would let its members do what the caller may not.
pub async fn create_role(app: &App, call: &Call<NewRole>) -> Result<Reply<RoleView>, Problem> {
    let (tenant, new, now) = (call.tenant()?, &call.body, app.now());
    can_be_given(&new.scopes, &Scope::grantable())?;
    within_own_rights(call.principal()?, &new.scopes)?;
    if all(app, tenant).await?.len() >= MOST {
        return Err(Problem::new(Code::InvalidRequest, format!("A store can make {MOST} roles at most.")));
    }
    let role = Custom {
        id: RoleId::new(app),
        name: new.name.clone(),
        scopes: new.scopes.clone(),
        members: 0,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let key = keys::role(tenant, role.id);
    let (write, location) = (Write::create("role", key, &role)?, format!("/v1/roles/{}", role.id));
    let reply = || Reply::created(location.clone(), view(role.clone())).etag(ETag::of_version(1_u32));
    match call.commit(app, vec![write], reply()).await {
        // Nobody else has this id: the SDK tried again after the answer of its first try was lost.
        Err(error) if error.refused(0) => Ok(reply()),
        outcome => Ok(outcome?),
    }
}

async fn load(app: &App, tenant: Tenant, id: RoleId) -> Result<Custom, Problem> {
    let role: Option<Custom> = store::get(app, "role", &keys::role(tenant, id)).await?;
    role.ok_or_else(Problem::not_found)
}

/// Changes a role, and so what its members may do from their next request on.
///
/// # Errors
/// 403 where it lets its members do, or is to let them do, what the caller may not.
pub async fn change_role(app: &App, call: &Call<ChangeRole>, id: RoleId) -> Result<Reply<RoleView>, Problem> {
    let tenant = call.tenant()?;
    let old = load(app, tenant, id).await?;
    ETag::of_version(old.version).if_match(&call.headers)?;
    within_own_rights(call.principal()?, &old.scopes)?;
    let new = Custom {
        name: call.body.name.clone().unwrap_or_else(|| old.name.clone()),
        scopes: call.body.scopes.clone().unwrap_or_else(|| old.scopes.clone()),
        version: old.version + 1,
        updated_at: app.now(),
        ..old.clone()
    };
    can_be_given(&new.scopes, &Scope::grantable())?;
    within_own_rights(call.principal()?, &new.scopes)?;
    // Not how many have it, which others count meanwhile.
    let scopes = serde_dynamo::to_attribute_value(&new.scopes).map_err(Problem::internal)?;
    let set = "SET #name = :name, scopes = :scopes, #version = :version, updated_at = :now";
    let write = Write::update(keys::role(tenant, id), set)
        .when("#version = :read")
        .name("#name", "name")
        .name("#version", "version")
        .text(":name", new.name.as_str())
        .value(":scopes", scopes)
        .number(":version", new.version)
        .number(":read", old.version)
        .text(":now", new.updated_at.to_string());
    let reply = Reply::ok(view(new.clone())).etag(ETag::of_version(new.version));
    Ok(call.commit(app, vec![write], reply).await?)
}

/// Removes a role that nobody has.
///
/// # Errors
/// 409 where somebody has it.
pub async fn remove_role<B>(app: &App, call: &Call<B>, id: RoleId) -> Result<Reply<Nothing>, Problem> {
    let tenant = call.tenant()?;
    let role = load(app, tenant, id).await?;
    ETag::of_version(role.version).if_match(&call.headers)?;
    within_own_rights(call.principal()?, &role.scopes)?;
    let write = Write::delete(keys::role(tenant, id))
        .when("members = :nobody AND #version = :read")
        .name("#version", "version")
        .number(":nobody", 0)
        .number(":read", role.version);
    let in_use = |error: CommitError| {
        if error.refused(0) {
            Problem::new(Code::RoleInUse, "Give those who have this role another one first.")
        } else {
            error.into()
        }
    };
    call.commit(app, vec![write], Reply::empty()).await.map_err(in_use)
}
