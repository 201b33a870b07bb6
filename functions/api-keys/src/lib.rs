//! The store's API keys: made, shown once, restricted, rolled, revoked.

use souk::{
    audit::Action,
    http::{Call, Keys, List, Nothing, Problem, Reply, Routes, delete, get, patch, post},
    identity::api_key::{self, ApiKeyView, ChangeKey, IssuedKey, ListKeys, NewKey, RollKey},
    principal::Scope,
    runtime::{App, Function},
};

/// The function.
pub fn function() -> Function {
    let (read_scope, write_scope) = (Scope::KeysRead, Scope::KeysWrite);
    Routes::new()
        .on(get("/v1/api-keys", "List API keys").needs(read_scope), list)
        .on(
            post("/v1/api-keys", "Create an API key")
                .needs(write_scope)
                .audited(Action::ApiKeyCreated)
                .answers(&[201]),
            create,
        )
        .on(get("/v1/api-keys/{id}", "Read an API key").needs(read_scope).answers(&[200, 304]), read)
        .on(
            patch("/v1/api-keys/{id}", "Change an API key's name")
                .needs(write_scope)
                .audited(Action::ApiKeyUpdated),
            change,
        )
        .on(
            post("/v1/api-keys/{id}/roll", "Give an API key a new secret")
                .needs(write_scope)
                .audited(Action::ApiKeyRolled)
                .answers(&[201]),
            roll,
        )
        .on(
            delete("/v1/api-keys/{id}", "Revoke an API key")
                .needs(write_scope)
                .audited(Action::ApiKeyRevoked)
                .idempotency(Keys::Ignored)
                .answers(&[204]),
            revoke,
        )
        .function("api-keys")
}

async fn list(app: App, call: Call<Nothing, ListKeys>) -> Result<Reply<List<ApiKeyView>>, Problem> {
    Ok(Reply::ok(api_key::list(&app, &call).await?))
}

async fn create(app: App, call: Call<NewKey>) -> Result<Reply<IssuedKey>, Problem> {
    api_key::create(&app, &call).await
}

async fn read(app: App, call: Call) -> Result<Reply<ApiKeyView>, Problem> {
    api_key::read(&app, call.tenant()?, call.path("id")?).await
}

async fn change(app: App, call: Call<ChangeKey>) -> Result<Reply<ApiKeyView>, Problem> {
    api_key::change(&app, &call, call.path("id")?).await
}

async fn roll(app: App, call: Call<RollKey>) -> Result<Reply<IssuedKey>, Problem> {
    api_key::roll(&app, &call, call.path("id")?).await
}

async fn revoke(app: App, call: Call) -> Result<Reply<Nothing>, Problem> {
    api_key::revoke(&app, &call, call.path("id")?).await
}
