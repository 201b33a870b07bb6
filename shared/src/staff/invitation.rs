//! Invitations to join a store's staff.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Role, contact, custom, member};
use crate::{
    contact::Email,
    http::{Call, Code, List, Nothing, Problem, Reply},
    id::{InvitationId, LinkId, StaffId},
    identity::grant::within_own_rights,
    link::{Link, Purpose},
    principal::Who,
    runtime::App,
    store::{self, Table, Write, keys},
    tenant::Tenant,
    vault::{EmailHash, Sealed},
};

/// The name under which an invited address is sealed.
const EMAIL: &str = "email";

/// An invitation as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Invitation {
    pub id: InvitationId,
    /// Who they will be.
    pub member: StaffId,
    pub role: Role,
    pub email: Sealed<Email>,
    pub email_hash: EmailHash,
    pub link: LinkId,
    /// Nobody but the operator who opened the store, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited_by: Option<Who>,
    pub created_at: Timestamp,
    /// When it ends, in seconds since 1970.
    pub expires: i64,
}

/// Which invitation an address has.
#[derive(Serialize, Deserialize)]
struct Pending {
    invitation: InvitationId,
    link: LinkId,
    expires: i64,
}

/// Somebody to be invited.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Invite {
    /// Where the invitation goes.
    pub email: Email,
    /// What they are to do: a role that lets them do nothing that the caller may not.
    pub role: Role,
}

impl std::fmt::Debug for Invite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Invite({})", self.role)
    }
}

/// An invitation.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub struct InvitationView {
    /// Its id.
    pub id: InvitationId,
    /// Where it went; null where that was erased.
    pub email: Option<Email>,
    /// What they are to do.
    pub role: Role,
    /// Who invited them; absent where it was the operator who opened the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub invited_by: Option<Who>,
    /// When it was sent.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for InvitationView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "InvitationView({})", self.id)
    }
}

/// An invitation that is written down and not committed yet.
pub struct Invited {
    /// Its id.
    pub id: InvitationId,
    /// What stores it. The first write is refused where the address was invited at the same moment.
    pub writes: Vec<Write>,
    invitation: Invitation,
}

impl std::fmt::Debug for Invited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Invited({})", self.id)
    }
}

async fn prepare(
    app: &App,
    tenant: Tenant,
    email: &Email,
    role: Role,
    invited_by: Option<Who>,
    earlier: Option<Pending>,
) -> Result<Invited, Problem> {
    let (id, member) = (InvitationId::new(app), StaffId::new(app));
    let (link, link_write) = Link::new(app, tenant, Purpose::Invitation, &id.to_string())?;
    let email_hash = contact::email_hash(app, tenant, email).await?;
    let invitation = Invitation {
        id,
        member,
        role,
        email: contact::seal(app, tenant, member, EMAIL, email).await?,
        email_hash,
        link: link.id,
        invited_by,
        created_at: app.now(),
        expires: link.expires,
    };
    let key = keys::invited_email(tenant, invitation.email_hash);
    let pending = Pending { invitation: id, link: link.id, expires: link.expires };
    let pending = Write::put("invited email", key, &pending)?;
    let mut writes = vec![match &earlier {
        None => pending.when("attribute_not_exists(pk)"),
        Some(earlier) => {
            pending.when("invitation = :earlier").text(":earlier", earlier.invitation.to_string())
        }
    }];
    writes.push(Write::create("invitation", keys::invitation(tenant, id), &invitation)?);
    writes.push(link_write);
    if let Some(earlier) = earlier {
        writes.push(Write::delete(keys::invitation(tenant, earlier.invitation)));
        writes.push(Write::delete(keys::link(tenant, earlier.link)));
    }
    Ok(Invited { id, writes, invitation })
}

/// Invites somebody, by a mail with a link. An earlier invitation of the same address ends.
///
/// # Errors
/// 403 where the role lets them do what the caller may not; 409 where they are a member already.
pub async fn invite(app: &App, call: &Call<Invite>) -> Result<Reply<InvitationView>, Problem> {
    let (tenant, principal, new) = (call.tenant()?, call.principal()?, &call.body);
    let role = custom::named(app, tenant, new.role).await?;
    within_own_rights(principal, &role.scopes)?;
    if member::by_email(app, tenant, &new.email).await?.is_some() {
        return Err(already_member().at("email"));
    }
    let hash = contact::email_hash(app, tenant, &new.email).await?;
    let earlier = store::get(app, "invited email", &keys::invited_email(tenant, hash)).await?;
    let invited = prepare(app, tenant, &new.email, new.role, Some(principal.who()), earlier).await?;
    let view = view(app, tenant, invited.invitation).await?;
    let reply = Reply::created(format!("/v1/staff/invitations/{}", invited.id), view);
    Ok(call.commit(app, invited.writes, reply).await?)
}

/// Invites the first owner of a store that is being opened.
///
/// # Errors
/// [`Problem`] where a key can't be had.
pub async fn invite_first_owner(app: &App, tenant: Tenant, email: &Email) -> Result<Invited, Problem> {
    prepare(app, tenant, email, Role::Owner, None, None).await
}

pub(super) fn already_member() -> Problem {
    Problem::new(Code::AlreadyMember, "Whoever has this address is a member of the staff already.")
}

async fn view(app: &App, tenant: Tenant, invitation: Invitation) -> Result<InvitationView, Problem> {
    let email = contact::open(app, tenant, invitation.member, EMAIL, &invitation.email).await?;
    Ok(InvitationView {
        id: invitation.id,
        email,
        role: invitation.role,
        invited_by: invitation.invited_by,
        created_at: invitation.created_at,
        expires_at: Timestamp::from_second(invitation.expires).map_err(Problem::internal)?,
    })
}

/// The invitation `id`, if it has not ended.
pub(super) async fn find(app: &App, tenant: Tenant, id: InvitationId) -> Result<Option<Invitation>, Problem> {
    let found: Option<Invitation> = store::get(app, "invitation", &keys::invitation(tenant, id)).await?;
    Ok(found.filter(|invitation| app.now().as_second() < invitation.expires))
}

/// Where the invitation `id` goes, if it has not ended: for the mail.
///
/// # Errors
/// [`Problem`] where storage fails.
pub async fn invited_email(app: &App, tenant: Tenant, id: InvitationId) -> Result<Option<Email>, Problem> {
    match find(app, tenant, id).await? {
        Some(found) => contact::open(app, tenant, found.member, EMAIL, &found.email).await,
        None => Ok(None),
    }
}

/// Every invitation that nobody accepted yet. They end within three days, so there are never many.
///
/// # Errors
/// [`Problem`] where storage fails.
pub async fn invitations(app: &App, tenant: Tenant) -> Result<List<InvitationView>, Problem> {
    let all: Vec<Invitation> =
        store::query_all(app, "invitation", Table::State, &keys::invitations(tenant)).await?;
    let mut data = Vec::new();
    for invitation in all.into_iter().filter(|one| app.now().as_second() < one.expires) {
        data.push(view(app, tenant, invitation).await?);
    }
    Ok(List { data, has_more: false, next_cursor: None })
}

/// The writes that end an invitation, however it ends. The first one is refused where it has ended.
pub(super) fn end(tenant: Tenant, invitation: &Invitation) -> Vec<Write> {
    let pending = keys::invited_email(tenant, invitation.email_hash);
    vec![
        Write::delete(keys::invitation(tenant, invitation.id)).when("attribute_exists(pk)"),
        Write::delete(pending).when("invitation = :this").text(":this", invitation.id.to_string()),
    ]
}

/// Takes an invitation back.
///
/// # Errors
/// 404 where there is none, or no longer.
pub async fn withdraw<B>(app: &App, call: &Call<B>, id: InvitationId) -> Result<Reply<Nothing>, Problem> {
    let tenant = call.tenant()?;
    let invitation = find(app, tenant, id).await?.ok_or_else(Problem::not_found)?;
    let mut writes = end(tenant, &invitation);
    writes.push(Write::delete(keys::link(tenant, invitation.link)));
    let gone = |error: crate::http::CommitError| {
        if error.refused(0) { Problem::not_found() } else { error.into() }
    };
    call.commit(app, writes, Reply::empty()).await.map_err(gone)
}
