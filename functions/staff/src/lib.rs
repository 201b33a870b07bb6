//! Those who work for the store: members, roles, invitations, log-in and second factor.

use souk::{
    http::{Call, Keys, List, Nothing, Problem, Reply, Route, Routes, delete, get, patch, post},
    id::StaffId,
    principal::{Scope, Who},
    runtime::{App, Function},
    session::{self, NewSession, SessionTokens},
    staff::{
        self, Acceptance, ChangeMember, ChangeRole, ConfirmFactor, Enrollment, FactorProof, InvitationView,
        Invite, ListStaff, LogIn, MemberView, NewRole, RecoveryCodes, RoleView,
    },
    store,
};

/// The function.
pub fn function() -> Function {
    let (read_scope, write_scope, own) = (Scope::StaffRead, Scope::StaffWrite, Scope::AccountOwn);
    let removal = |path, summary| -> Route {
        delete(path, summary).needs(write_scope).idempotency(Keys::Ignored).answers(&[204])
    };
    // What carries a secret is never kept to be repeated.
    let once = |path, summary| post(path, summary).idempotency(Keys::Ignored);
    Routes::new()
        .on(get("/v1/staff", "List the staff").needs(read_scope), list)
        .on(get("/v1/staff/me", "Read one's own membership").needs(own).answers(&[200, 304]), read_own)
        .on(get("/v1/staff/{id}", "Read a member of the staff").needs(read_scope).answers(&[200, 304]), read)
        .on(patch("/v1/staff/{id}", "Give a member another role").needs(write_scope), change)
        .on(removal("/v1/staff/{id}", "Remove a member"), remove)
        .on(get("/v1/staff/invitations", "List invitations").needs(read_scope), invitations)
        .on(post("/v1/staff/invitations", "Invite somebody").needs(write_scope).answers(&[201]), invite)
        .on(removal("/v1/staff/invitations/{id}", "Take an invitation back"), withdraw)
        .on(once("/v1/staff/invitations/accept", "Accept an invitation").answers(&[201]), accept)
        .on(once("/v1/staff/sessions", "Log in").needs(Scope::AccountsWrite).answers(&[201]), log_in)
        .on(once("/v1/staff/me/totp", "Set up an authenticator").needs(own).answers(&[201]), enroll)
        .on(once("/v1/staff/me/totp/confirm", "Make the authenticator count").needs(own), confirm)
        .on(
            delete("/v1/staff/me/totp", "Take the second factor away").needs(own).answers(&[204]),
            remove_factor,
        )
        .on(get("/v1/roles", "List roles").needs(read_scope), roles)
        .on(post("/v1/roles", "Make a role").needs(write_scope).answers(&[201]), create_role)
        .on(patch("/v1/roles/{id}", "Change a role").needs(write_scope), change_role)
        .on(removal("/v1/roles/{id}", "Remove a role"), remove_role)
        .function("staff")
}

async fn list(app: App, call: Call<Nothing, ListStaff>) -> Result<Reply<List<MemberView>>, Problem> {
    Ok(Reply::ok(staff::list(&app, &call).await?))
}

async fn read(app: App, call: Call) -> Result<Reply<MemberView>, Problem> {
    staff::read(&app, call.tenant()?, call.path("id")?).await
}

async fn read_own(app: App, call: Call) -> Result<Reply<MemberView>, Problem> {
    staff::read(&app, call.tenant()?, own(&call)?).await
}

async fn change(app: App, call: Call<ChangeMember>) -> Result<Reply<MemberView>, Problem> {
    staff::change(&app, &call, call.path("id")?).await
}

async fn remove(app: App, call: Call) -> Result<Reply<Nothing>, Problem> {
    staff::remove(&app, &call, call.path("id")?).await
}

async fn invitations(app: App, call: Call) -> Result<Reply<List<InvitationView>>, Problem> {
    Ok(Reply::ok(staff::invitations(&app, call.tenant()?).await?))
}

async fn invite(app: App, call: Call<Invite>) -> Result<Reply<InvitationView>, Problem> {
    staff::invite(&app, &call).await
}

async fn withdraw(app: App, call: Call) -> Result<Reply<Nothing>, Problem> {
    staff::withdraw(&app, &call, call.path("id")?).await
}

async fn accept(app: App, call: Call<Acceptance>) -> Result<Reply<MemberView>, Problem> {
    Ok(Reply::created("/v1/staff/me", staff::accept(&app, &call).await?))
}

async fn log_in(app: App, call: Call<LogIn>) -> Result<Reply<SessionTokens>, Problem> {
    let tenant = call.tenant()?;
    let logged_in = staff::log_in_or_enroll(&app, tenant, &call.body, &call.source).await?;
    let (who, limits) = (Who::Staff(logged_in.id), logged_in.limits());
    let new = NewSession { who, client: None, scopes: limits.clone(), device: call.body.device.clone() };
    let (session, token, writes) = session::begin(&app, tenant, new)?;
    store::commit(&app, writes).await?;
    let scopes = match limits {
        Some(limits) => limits,
        None => staff::scopes(&app, tenant, logged_in.id).await?.unwrap_or_default(),
    };
    let scopes = scopes.into_iter().collect();
    let tokens = session::tokens(&app, &call.issuer(&app), tenant, &session, scopes, token).await?;
    Ok(Reply::created(format!("/v1/sessions/{}", session.id), tokens))
}

async fn enroll(app: App, call: Call) -> Result<Reply<Enrollment>, Problem> {
    staff::enroll(&app, &call).await
}

async fn confirm(app: App, call: Call<ConfirmFactor>) -> Result<Reply<RecoveryCodes>, Problem> {
    staff::confirm(&app, &call).await
}

async fn remove_factor(app: App, call: Call<FactorProof>) -> Result<Reply<Nothing>, Problem> {
    staff::remove_factor(&app, &call).await
}

async fn roles(app: App, call: Call) -> Result<Reply<List<RoleView>>, Problem> {
    Ok(Reply::ok(staff::list_roles(&app, call.tenant()?).await?))
}

async fn create_role(app: App, call: Call<NewRole>) -> Result<Reply<RoleView>, Problem> {
    staff::create_role(&app, &call).await
}

async fn change_role(app: App, call: Call<ChangeRole>) -> Result<Reply<RoleView>, Problem> {
    staff::change_role(&app, &call, call.path("id")?).await
}

async fn remove_role(app: App, call: Call) -> Result<Reply<Nothing>, Problem> {
    staff::remove_role(&app, &call, call.path("id")?).await
}

/// The member who is calling. A shopper who logged in has an account too, but is none of the staff.
fn own<B, Q>(call: &Call<B, Q>) -> Result<StaffId, Problem> {
    match call.principal()?.who() {
        Who::Staff(id) => Ok(id),
        _ => Err(Problem::not_found()),
    }
}
