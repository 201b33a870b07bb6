//! Those who work for the store: members, roles, invitations, log-in and second factor.

use std::time::Duration;

use souk::{
    audit::Action,
    http::{Call, Keys, List, Nothing, Problem, Reply, Route, Routes, at_least, delete, get, patch, post},
    id::StaffId,
    principal::{Scope, Who},
    runtime::{App, Function},
    session::{self, NewSession, SessionTokens},
    staff::{
        self, Acceptance, ChangeMember, ChangeRole, ChangeStaffPassword, ConfirmFactor, Enrollment,
        FactorProof, ForgottenStaffPassword, InvitationView, Invite, ListStaff, LogIn, MemberView, NewFactor,
        NewRole, NewStaffPassword, RecoveryCodes, RoleView,
    },
    store,
};

/// Asking for a new password takes so long at least, whether there is such a member or not.
const RECOVERY: Duration = Duration::from_millis(300);

/// The function.
pub fn function() -> Function {
    let (read_scope, write_scope, own) = (Scope::StaffRead, Scope::StaffWrite, Scope::AccountOwn);
    let removal = |path, summary, action| -> Route {
        delete(path, summary).needs(write_scope).idempotency(Keys::Ignored).answers(&[204]).audited(action)
    };
    // What carries a secret is never kept to be repeated.
    let once = |path, summary| post(path, summary).idempotency(Keys::Ignored);
    Routes::new()
        .on(get("/v1/staff", "List the staff").needs(read_scope), list)
        .on(get("/v1/staff/me", "Read one's own membership").needs(own).answers(&[200, 304]), read_own)
        .on(get("/v1/staff/{id}", "Read a member of the staff").needs(read_scope).answers(&[200, 304]), read)
        .on(
            patch("/v1/staff/{id}", "Give a member another role")
                .needs(write_scope)
                .audited(Action::StaffUpdated),
            change,
        )
        .on(removal("/v1/staff/{id}", "Remove a member", Action::StaffRemoved), remove)
        .on(get("/v1/staff/invitations", "List invitations").needs(read_scope), invitations)
        .on(
            post("/v1/staff/invitations", "Invite somebody")
                .needs(write_scope)
                .answers(&[201])
                .audited(Action::StaffInvited),
            invite,
        )
        .on(
            removal("/v1/staff/invitations/{id}", "Take an invitation back", Action::InvitationRevoked),
            withdraw,
        )
        .on(once("/v1/staff/invitations/accept", "Accept an invitation").answers(&[201]), accept)
        .on(once("/v1/staff/sessions", "Log in").needs(Scope::AccountsWrite).answers(&[201]), log_in)
        .on(once("/v1/staff/me/totp", "Set up an authenticator").needs(own).answers(&[201]), enroll)
        .on(
            once("/v1/staff/me/totp/confirm", "Make the authenticator count")
                .needs(own)
                .audited(Action::SecondFactorEnabled),
            confirm,
        )
        .on(
            delete("/v1/staff/me/totp", "Take the second factor away")
                .needs(own)
                .answers(&[204])
                .audited(Action::SecondFactorDisabled),
            remove_factor,
        )
        .on(
            once("/v1/staff/me/password", "Change one's password")
                .needs(own)
                .answers(&[204])
                .audited(Action::PasswordChanged),
            change_password,
        )
        .on(
            once("/v1/staff/password-resets", "Ask for a mail to choose a new password")
                .needs(Scope::AccountsWrite)
                .answers(&[202]),
            ask_to_reset,
        )
        .on(
            once("/v1/staff/password-resets/confirm", "Choose a new password by a link").answers(&[204]),
            reset,
        )
        .on(get("/v1/roles", "List roles").needs(read_scope), roles)
        .on(
            post("/v1/roles", "Make a role").needs(write_scope).answers(&[201]).audited(Action::RoleCreated),
            create_role,
        )
        .on(
            patch("/v1/roles/{id}", "Change a role").needs(write_scope).audited(Action::RoleUpdated),
            change_role,
        )
        .on(removal("/v1/roles/{id}", "Remove a role", Action::RoleRemoved), remove_role)
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
    let logged_in = staff::log_in_or_enroll(&app, &call, tenant, &call.body).await?;
    let (who, limits) = (Who::Staff(logged_in.id), logged_in.limits());
    let new = NewSession { who, client: None, scopes: limits.clone(), device: call.body.device.clone() };
    let (session, token, mut writes) = session::begin(&app, tenant, new)?;
    let location = format!("/v1/sessions/{}", session.id);
    let place = writes.len();
    writes.push(logged_in.proven.still(tenant, who));
    writes.push(call.audit(&app, who, Action::SessionCreated, &location)?);
    match store::commit(&app, writes).await {
        // Given another password, or removed, this very moment.
        Err(error) if error.refused(place) => return Err(staff::wrong()),
        done => done?,
    }
    let scopes = match limits {
        Some(limits) => limits,
        None => staff::scopes(&app, tenant, logged_in.id).await?.unwrap_or_default(),
    };
    let scopes = scopes.into_iter().collect();
    let tokens = session::tokens(&app, &call.issuer(&app), tenant, &session, scopes, token).await?;
    Ok(Reply::created(location, tokens))
}

async fn change_password(app: App, call: Call<ChangeStaffPassword>) -> Result<Reply<Nothing>, Problem> {
    staff::change_password(&app, &call).await
}

async fn ask_to_reset(app: App, call: Call<ForgottenStaffPassword>) -> Result<Reply<Nothing>, Problem> {
    let tenant = call.tenant()?;
    at_least(RECOVERY, staff::ask_to_reset(&app, tenant, &call.body.email)).await?;
    Ok(Reply::ok(Nothing {}).status(http::StatusCode::ACCEPTED))
}

async fn reset(app: App, call: Call<NewStaffPassword>) -> Result<Reply<Nothing>, Problem> {
    staff::reset(&app, &call).await?;
    Ok(Reply::empty())
}

async fn enroll(app: App, call: Call<NewFactor>) -> Result<Reply<Enrollment>, Problem> {
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
