//! The authorization server for integrations of a store.

use souk::{
    http::{Call, Keys, Nothing, Problem, Reply, Routes, get, post},
    oauth::{self, Introspection, TokenAnswer, TokenForm, answered, pages},
    runtime::{App, Function},
};

/// The function.
pub fn function() -> Function {
    let form = |path, summary| post(path, summary).form().raw().idempotency(Keys::Ignored);
    Routes::new()
        .on(get("/.well-known/oauth-authorization-server", "Read what the server can do"), metadata)
        .on(get("/.well-known/jwks.json", "Read the keys of its signatures"), jwks)
        .on(get("/oauth/authorize", "Ask a member of the staff for access: a page").raw(), show)
        .on(form("/oauth/authorize", "Answer a page"), answer)
        .on(form("/oauth/token", "Get tokens"), token)
        .on(form("/oauth/revoke", "Revoke a token"), revoke)
        .on(form("/oauth/introspect", "Find out what a token is good for"), introspect)
        .function("oauth")
}

async fn metadata(app: App, call: Call) -> Result<Reply<Nothing>, Problem> {
    Ok(oauth::metadata(&app, &call))
}

async fn jwks(app: App, _: Call) -> Result<Reply<Nothing>, Problem> {
    oauth::jwks(&app).await
}

async fn show(app: App, call: Call) -> Result<Reply<Nothing>, Problem> {
    pages::show(&app, &call).await
}

async fn answer(app: App, call: Call) -> Result<Reply<Nothing>, Problem> {
    pages::answer(&app, &call).await
}

async fn token(app: App, call: Call<TokenForm>) -> Result<Reply<TokenAnswer>, Problem> {
    answered(oauth::token(&app, &call).await)
}

async fn revoke(app: App, call: Call) -> Result<Reply<Nothing>, Problem> {
    answered(oauth::revoke(&app, &call).await)
}

async fn introspect(app: App, call: Call) -> Result<Reply<Introspection>, Problem> {
    answered(oauth::introspect(&app, &call).await)
}
