//! Seeing, changing and removing members.

use futures::future::try_join_all;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    Member, Role,
    custom::{self, Granted},
    member,
    view::{ListStaff, MemberView, etag, view},
};
use crate::{
    http::{Call, Code, ETag, List, Nothing, Problem, Reply},
    id::StaffId,
    identity::grant::within_own_rights,
    principal::{Principal, Who},
    runtime::App,
    session,
    store::{Query, Write, keys},
    tenant::Tenant,
};

/// What is to change about a member.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeMember {
    /// What they do, from their next request on.
    pub role: Role,
}

/// A page of the staff.
///
/// # Errors
/// 400 where the cursor is wrong.
pub async fn list(app: &App, call: &Call<Nothing, ListStaff>) -> Result<List<MemberView>, Problem> {
    let (tenant, ask) = (call.tenant()?, &call.query);
    let from = call.position(app, ask.cursor.as_deref(), "").await?;
    let query = Query::partition(keys::staff(tenant));
    let page = query.page::<Member>(app, "member", ask.limit.get(), from.as_deref()).await?;
    let List { data, has_more, next_cursor } = call.list(app, page, "").await?;
    let data = try_join_all(data.into_iter().map(|member| view(app, tenant, member))).await?;
    Ok(List { data, has_more, next_cursor })
}

async fn load(app: &App, tenant: Tenant, id: StaffId) -> Result<Member, Problem> {
    member::find(app, tenant, id).await?.ok_or_else(Problem::not_found)
}

/// The member `id`.
///
/// # Errors
/// 404 where there is none.
pub async fn read(app: &App, tenant: Tenant, id: StaffId) -> Result<Reply<MemberView>, Problem> {
    let view = view(app, tenant, load(app, tenant, id).await?).await?;
    let etag = etag(&view);
    Ok(Reply::ok(view).etag(etag))
}

/// The role that `member` has, if whoever `changes` them may do all that it lets them do: nobody changes or removes
/// somebody who may do more than they.
async fn within_reach(
    app: &App,
    tenant: Tenant,
    changes: &Principal,
    member: &Member,
) -> Result<Option<Granted>, Problem> {
    let has = custom::resolve(app, tenant, member.role).await?;
    if let Some(has) = &has {
        within_own_rights(changes, &has.scopes)?;
    }
    Ok(has)
}

/// What a store is told that would be left without an owner.
fn last_owner() -> Problem {
    Problem::new(
        Code::LastOwner,
        "A store that has owners keeps at least one. Make somebody else an owner first.",
    )
}

fn at_version(write: Write, version: u32) -> Write {
    write.when("#version = :read").name("#version", "version").number(":read", version)
}

/// Gives a member another role.
///
/// # Errors
/// 403 where either role lets them do what the caller may not; 409 where they are the last owner.
pub async fn change(app: &App, call: &Call<ChangeMember>, id: StaffId) -> Result<Reply<MemberView>, Problem> {
    let (tenant, principal) = (call.tenant()?, call.principal()?);
    let old = load(app, tenant, id).await?;
    ETag::of_version(old.version).if_match(&call.headers)?;
    let has = within_reach(app, tenant, principal, &old).await?;
    let gets = custom::named(app, tenant, call.body.role).await?;
    within_own_rights(principal, &gets.scopes)?;
    let new = Member { role: gets.role, version: old.version + 1, updated_at: app.now(), ..old.clone() };
    let mut writes = vec![at_version(Write::put("member", keys::member(tenant, id), &new)?, old.version)];
    let mut taken = None;
    if old.role != new.role {
        writes.extend(gets.given(tenant));
        taken = has.and_then(|has| has.taken(tenant));
    }
    let taken_at = writes.len();
    writes.extend(taken);
    let view = view(app, tenant, new).await?;
    let etag = etag(&view);
    call.commit(app, writes, Reply::ok(view).etag(etag)).await.map_err(|error| {
        let last = old.role == Role::Owner && error.refused(taken_at) && !error.refused(0);
        if last { last_owner() } else { error.into() }
    })
}

/// Removes a member: their next request, in whatever session, is refused.
///
/// # Errors
/// 403 where they may do what the caller may not; 409 where they are the last owner.
pub async fn remove<B>(app: &App, call: &Call<B>, id: StaffId) -> Result<Reply<Nothing>, Problem> {
    let (tenant, principal) = (call.tenant()?, call.principal()?);
    let member = load(app, tenant, id).await?;
    ETag::of_version(member.version).if_match(&call.headers)?;
    let has = within_reach(app, tenant, principal, &member).await?;
    let mut writes = vec![
        at_version(Write::delete(keys::member(tenant, id)), member.version),
        Write::delete(keys::staff_email(tenant, member.email_hash)),
        Write::delete(keys::credential(tenant, Who::Staff(id))),
        Write::delete(keys::second_factor(tenant, id)),
    ];
    let taken_at = writes.len();
    writes.extend(has.and_then(|has| has.taken(tenant)));
    let reply = call.commit(app, writes, Reply::empty()).await.map_err(|error| {
        let last = member.role == Role::Owner && error.refused(taken_at) && !error.refused(0);
        if last { last_owner() } else { error.into() }
    })?;
    // Without the member their sessions are worth nothing; this only tidies up.
    session::end_all(app, tenant, Who::Staff(id), None).await?;
    Ok(reply)
}
