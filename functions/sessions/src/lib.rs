//! Log-ins of shoppers, and what keeps every log-in going.

use std::time::Duration;

use souk::{
    audit::Action,
    contact::Email,
    customer::{self, LogIn, NewPassword},
    http::{Call, Code, Keys, List, Nothing, Problem, Reply, Routes, at_least, delete, get, post},
    id::SessionId,
    identity::rights,
    principal::{Scope, Who},
    runtime::{App, Function},
    session::{self, NewSession, Refreshed, SessionTokens, SessionView},
    store,
};

/// Asking for a new password takes so long at least, whether there is an account or not.
const RECOVERY: Duration = Duration::from_millis(300);

/// A refresh.
#[derive(Clone, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Refresh {
    /// The refresh token of the last log-in or refresh.
    refresh_token: String,
}

/// Whose password is to be set anew.
#[derive(Clone, Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Forgotten {
    /// The address that they registered with.
    email: Email,
}

/// The function.
pub fn function() -> Function {
    let write = |path, summary| post(path, summary).idempotency(Keys::Ignored);
    Routes::new()
        .on(write("/v1/sessions", "Log in").needs(Scope::AccountsWrite).answers(&[201]), log_in)
        .on(write("/v1/sessions/refresh", "Go on with a log-in").answers(&[200]), refresh)
        .on(get("/v1/sessions", "List one's log-ins").needs(Scope::AccountOwn), list)
        .on(delete("/v1/sessions/{id}", "End a log-in").needs(Scope::AccountOwn).answers(&[204]), end)
        .on(
            write("/v1/password-resets", "Ask for a mail to choose a new password")
                .needs(Scope::AccountsWrite)
                .answers(&[202]),
            ask_to_reset,
        )
        .on(write("/v1/password-resets/confirm", "Choose a new password by a link").answers(&[204]), reset)
        .function("sessions")
}

async fn log_in(app: App, call: Call<LogIn>) -> Result<Reply<SessionTokens>, Problem> {
    let tenant = call.tenant()?;
    let (customer, proven) = customer::log_in(&app, &call).await?;
    let (who, device) = (Who::Customer(customer), call.body.device.clone());
    let new = NewSession { who, client: None, scopes: None, device };
    let (session, token, mut writes) = session::begin(&app, tenant, new)?;
    let place = writes.len();
    writes.extend([customer::seen(&app, tenant, customer), proven.still(tenant, who)]);
    match store::commit(&app, writes).await {
        // Erased, or given another password, this very moment.
        Err(error) if error.refused(place) || error.refused(place + 1) => return Err(customer::wrong()),
        done => done?,
    }
    let scopes = Scope::CUSTOMER.to_vec();
    let tokens = session::tokens(&app, &call.issuer(&app), tenant, &session, scopes, token).await?;
    Ok(Reply::created(format!("/v1/sessions/{}", session.id), tokens))
}

async fn refresh(app: App, call: Call<Refresh>) -> Result<Reply<SessionTokens>, Problem> {
    let invalid = || {
        let detail = "This refresh token can't be used, or no longer. Log in again.";
        Problem::new(Code::InvalidRefreshToken, detail).at("refresh_token")
    };
    // An integration refreshes at /oauth/token, where it proves who it is.
    let own = |session: &session::Session| session.client.is_none();
    let refreshed = session::refresh(&app, &call, &call.body.refresh_token, own).await?;
    let Refreshed::Next { tenant, session, token } = refreshed else {
        return Err(invalid());
    };
    let scopes = rights::of(&app, tenant, session.who).await?.ok_or_else(invalid)?;
    let scopes = scopes.into_iter().collect();
    Ok(Reply::ok(session::tokens(&app, &call.issuer(&app), tenant, &session, scopes, token).await?))
}

async fn list(app: App, call: Call) -> Result<Reply<List<SessionView>>, Problem> {
    let principal = call.principal()?;
    let sessions = session::all(&app, principal.tenant(), principal.who()).await?;
    let current = principal.session();
    let data = sessions.into_iter().map(|session| SessionView::of(session, current)).collect();
    Ok(Reply::ok(List { data, has_more: false, next_cursor: None }))
}

async fn end(app: App, call: Call) -> Result<Reply<Nothing>, Problem> {
    let (principal, id) = (call.principal()?, call.path::<SessionId>("id")?);
    let (tenant, who) = (principal.tenant(), principal.who());
    let session = session::alive(&app, tenant, who, id).await?.ok_or_else(Problem::not_found)?;
    if principal.customer().is_some() && principal.session() == Some(id) {
        // Shoppers come and go: that one goes is nobody's concern.
        session::end(&app, tenant, who, id).await?;
    } else {
        let action = session.client.map_or(Action::SessionRevoked, |_| Action::ConsentRevoked);
        let note = call.note(&app, who, action, format!("/v1/sessions/{id}"));
        session::end_told(&app, tenant, who, id, &note).await?;
    }
    Ok(Reply::empty())
}

async fn ask_to_reset(app: App, call: Call<Forgotten>) -> Result<Reply<Nothing>, Problem> {
    let tenant = call.tenant()?;
    at_least(RECOVERY, customer::ask_to_reset(&app, tenant, &call.body.email)).await?;
    Ok(Reply::ok(Nothing {}).status(http::StatusCode::ACCEPTED))
}

async fn reset(app: App, call: Call<NewPassword>) -> Result<Reply<Nothing>, Problem> {
    customer::reset(&app, &call).await?;
    Ok(Reply::empty())
}
