//! Agreeing on the pages.

use std::collections::BTreeSet;

use super::{
    html::{self, Page},
    request::Request,
    seal::Seal,
};
use crate::{
    audit::Action,
    credential::Proven,
    http::{Call, Nothing, Problem, Reply},
    id::StaffId,
    identity::{StoreProfile, rights},
    oauth::{
        client::GrantType,
        code,
        refusal::{Refusal, Why},
    },
    principal::{Scope, Who},
    runtime::App,
    session::Session,
    staff,
    token::LIFETIME,
};

/// The page's name, in the code of its form.
pub(super) const PAGE: &str = "consent";

/// What `who` can agree to: of what is asked for, as much as they may do themselves. Nothing where they left.
pub(super) async fn can_give(app: &App, request: &Request, who: StaffId) -> Result<BTreeSet<Scope>, Problem> {
    let rights = rights::of(app, request.client.tenant(), Who::Staff(who)).await?.unwrap_or_default();
    Ok(request.scopes.intersection(&rights).copied().collect())
}

/// The page that asks whoever logged in.
pub(super) async fn page(
    app: &App,
    seal: &Seal,
    request: &Request,
    logged_in: &staff::LoggedIn,
) -> Result<Reply<Nothing>, Problem> {
    let who = logged_in.id;
    let scopes = can_give(app, request, who).await?;
    if scopes.is_empty() {
        return Ok(send_back(&nothing_to_give(request)));
    }
    let store = StoreProfile::of(app, request.client.tenant()).await?.name;
    let (store, client) = (html::text(store.as_str()), html::text(request.client.name.as_str()));
    let host = html::text(&request.back.host());
    let (idle, whole) = Session::days_of_grant(Who::Staff(who), request.client.id);
    let lasts = if request.client.uses(GrantType::RefreshToken) {
        format!("It lasts {whole} days, or until it is not used for {idle} days.")
    } else {
        format!("It lasts {} minutes.", LIFETIME.as_mins())
    };
    let items: String =
        scopes.iter().map(|scope| format!("<li>{}</li>\n", html::text(scope.words()))).collect();
    let (form_code, proof) =
        (seal.form_code(PAGE, &request.text), seal.proof(logged_in, app.now(), &request.text)?);
    let hidden = html::hidden(&[
        ("page", PAGE),
        ("request", &request.text),
        ("form_code", &form_code),
        ("proof", &proof),
    ]);
    let body = format!(
        "<h1>Let {client} into {store}?</h1>\n<p>It will be able to:</p>\n<ul>\n{items}</ul>\n\
         <p>{lasts} You can end it at any time.</p>\n<p>Afterwards you are sent to <b>{host}</b>.</p>\n\
         <form method=\"post\" action=\"/oauth/authorize\">\n{hidden}\
         <button name=\"answer\" value=\"approve\">Allow</button>\n\
         <button name=\"answer\" value=\"deny\">Don’t allow</button>\n</form>"
    );
    Ok(Page { title: format!("Let {client} into {store}?"), body, onward: None }.reply())
}

/// `who` agrees, who logged in by a password: a code, and the way back with it. Nothing where the password is another
/// one by now.
pub(super) async fn approve<B, Q>(
    app: &App,
    call: &Call<B, Q>,
    request: &Request,
    (who, by): (StaffId, Proven),
) -> Result<Option<Reply<Nothing>>, Problem> {
    let scopes = can_give(app, request, who).await?;
    if scopes.is_empty() {
        return Ok(Some(send_back(&nothing_to_give(request))));
    }
    let (client, back, who) = (&request.client, &request.back, Who::Staff(who));
    let told = call.note(app, who, Action::ConsentGranted, format!("/v1/oauth-clients/{}", client.id));
    let told = told.write(client.tenant())?;
    let agreed = code::Agreed {
        who,
        by,
        redirect_uri: back.redirect_uri().to_owned(),
        challenge: request.challenge.clone(),
        scopes,
    };
    let code = code::issue(app, client, agreed, told).await?;
    Ok(code.map(|code| send_back(&back.with_code(&code))))
}

/// They don't.
pub(super) fn deny(request: &Request) -> Reply<Nothing> {
    send_back(&request.back.with_refusal(Refusal::new(Why::AccessDenied, "The answer was no.")))
}

fn nothing_to_give(request: &Request) -> String {
    let why = "Whoever logged in may do nothing of what was asked for.";
    request.back.with_refusal(Refusal::new(Why::AccessDenied, why))
}

/// A page that leads to `address` by itself. Not a redirect: that would answer a form, and browsers hold the whole way
/// from there on, also where the integration itself redirects, to the page's `form-action`.
fn send_back(address: &str) -> Reply<Nothing> {
    let address = html::text(address);
    let body = format!("<h1>Back you go</h1>\n<p><a href=\"{address}\">Go on</a></p>");
    Page { title: "Back you go".to_owned(), body, onward: Some(address) }.reply()
}
