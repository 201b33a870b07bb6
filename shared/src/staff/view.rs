//! Members as callers see them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Member, Role, contact, custom, member::CONTACT, second_factor};
use crate::{
    contact::{Email, Line},
    http::{ETag, Limit, Problem},
    id::StaffId,
    principal::Scope,
    runtime::App,
    tenant::Tenant,
};

/// A member of the staff.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = StaffMember)]
pub struct MemberView {
    /// Their id.
    pub id: StaffId,
    /// Where mails go; null where they were erased.
    pub email: Option<Email>,
    /// What to call them; null where they were erased.
    pub name: Option<Line>,
    /// What they do.
    pub role: Role,
    /// What that lets them do.
    pub scopes: BTreeSet<Scope>,
    /// Whether they log in with a second factor.
    pub second_factor: bool,
    /// Counts their changes, from 1.
    pub version: u32,
    /// When they joined.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When something about them last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

// Debug output ends up in logs sooner or later.
impl std::fmt::Debug for MemberView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MemberView({})", self.id)
    }
}

/// Which members to list. Those who came first come first.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListStaff {
    /// How many at the most.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub limit: Limit,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// A member, with what is known of them as a person.
pub(super) async fn view(app: &App, tenant: Tenant, member: Member) -> Result<MemberView, Problem> {
    let known = contact::open(app, tenant, member.id, CONTACT, &member.contact).await?;
    let granted = custom::resolve(app, tenant, member.role).await?;
    let (email, name) = known.map(|contact| (contact.email, contact.name)).unzip();
    Ok(MemberView {
        id: member.id,
        email,
        name,
        role: member.role,
        scopes: granted.map(|granted| granted.scopes).unwrap_or_default(),
        second_factor: second_factor::is_confirmed(app, tenant, member.id).await?,
        version: member.version,
        created_at: member.created_at,
        updated_at: member.updated_at,
    })
}

/// Tells this representation from every other: a role may change without the member.
pub(super) fn etag(view: &MemberView) -> ETag {
    ETag::of_version(view.version).with(&format!("{:?} {}", view.scopes, view.second_factor))
}
