//! Accepting an invitation.

use std::fmt;

use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    Member,
    contact::{self, Contact},
    custom::{self, Granted},
    invitation::{self, Invitation},
    member::{CONTACT, Holder},
    view::{MemberView, view},
};
use crate::{
    audit::Action,
    contact::Line,
    credential::{self, Password},
    http::{Call, Code, Problem},
    identity::rights,
    link::{self, LinkToken, Purpose},
    principal::{Scope, Who},
    runtime::App,
    store::{self, Write, WriteError, keys},
    tenant::Tenant,
};

/// Somebody who accepts an invitation.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// As the mail's link carries it.
    pub token: LinkToken,
    /// What to call them.
    pub name: Line,
    /// At least eight characters, of any kind, and none of the most common ones.
    pub password: Password,
}

impl fmt::Debug for Acceptance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Acceptance(…)")
    }
}

/// What a link that can't be used is answered with, whatever is wrong with it.
fn invalid() -> Problem {
    Problem::new(Code::InvalidLink, "This link does not work, or no longer. Ask for a new invitation.")
        .at("token")
}

/// Makes a member of whoever was invited. The link is good once, also where several use it at the same time.
///
/// # Errors
/// 422 where the link does not work, or the password may not be chosen.
pub async fn accept(app: &App, call: &Call<Acceptance>) -> Result<MemberView, Problem> {
    let accepted = &call.body;
    let (tenant, id) = link::read(app, Purpose::Invitation, &accepted.token).await?.ok_or_else(invalid)?;
    let link = link::find(app, tenant, id, Purpose::Invitation).await?.ok_or_else(invalid)?;
    let invitation = link.subject.parse().map_err(Problem::internal)?;
    let invitation = invitation::find(app, tenant, invitation).await?.ok_or_else(invalid)?;
    let role = still_meant(app, tenant, &invitation).await?.ok_or_else(invalid)?;
    let email = invitation::invited_email(app, tenant, invitation.id).await?.ok_or_else(invalid)?;
    let known = Contact { email, name: accepted.name.clone() };
    let (id, now) = (invitation.member, app.now());
    let member = Member {
        id,
        role: role.role,
        contact: contact::seal(app, tenant, id, CONTACT, &known).await?,
        email_hash: invitation.email_hash,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let mut writes = vec![
        link::spend(tenant, &link),
        Write::create("staff email", keys::staff_email(tenant, member.email_hash), &Holder { member: id })?,
        Write::create("member", keys::member(tenant, id), &member)?,
        credential::set(app, tenant, Who::Staff(id), &accepted.password)?,
    ];
    writes.extend(invitation::end(tenant, &invitation));
    writes.extend(role.given(tenant));
    let told = call.note(app, Who::Staff(id), Action::StaffJoined, format!("/v1/staff/{id}"));
    writes.push(told.write(tenant)?);
    match store::commit(app, writes).await {
        Err(error) if error.refused(0) => Err(invalid()),
        Err(error) if error.refused(1) => Err(invitation::already_member()),
        // Withdrawn, replaced, or its role changed while it was being accepted.
        Err(WriteError::Refused(places)) => Err(WriteError::Refused(places).into()),
        done => {
            done?;
            view(app, tenant, member).await
        }
    }
}

/// What the invitation lets its reader do, if whoever sent it could still give it: an invitation that somebody planted
/// before they were removed, or had rights taken away, is worth nothing.
async fn still_meant(app: &App, tenant: Tenant, invitation: &Invitation) -> Result<Option<Granted>, Problem> {
    let Some(role) = custom::resolve(app, tenant, invitation.role).await? else {
        return Ok(None);
    };
    let may_give = match invitation.invited_by {
        None => true,
        Some(who) => {
            let rights = rights::of_anybody(app, tenant, who).await?;
            rights.is_some_and(|held| covers(&held, &role.scopes))
        }
    };
    Ok(may_give.then_some(role))
}

fn covers(held: &std::collections::BTreeSet<Scope>, given: &std::collections::BTreeSet<Scope>) -> bool {
    let sees_all = held.contains(&Scope::OrdersRead);
    given.iter().all(|scope| held.contains(scope) || (sees_all && *scope == Scope::OrdersReadOwn))
}
