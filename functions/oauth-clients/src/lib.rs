//! The integrations of a store.

use souk::{
    audit::Action,
    http::{Call, ETag, List, Nothing, Problem, Reply, Routes, delete, get, post},
    oauth::client::{self, ClientView, ListClients, NewClient, RollSecret},
    principal::Scope,
    runtime::{App, Function},
};

/// The function.
pub fn function() -> Function {
    let (read, write) = (Scope::ClientsRead, Scope::ClientsWrite);
    Routes::new()
        .on(get("/v1/oauth-clients", "List integrations").needs(read), list)
        .on(
            post("/v1/oauth-clients", "Register an integration")
                .needs(write)
                .audited(Action::ClientRegistered)
                .answers(&[201]),
            create,
        )
        .on(get("/v1/oauth-clients/{id}", "Read an integration").needs(read).answers(&[200, 304]), show)
        .on(
            delete("/v1/oauth-clients/{id}", "Remove an integration, and what it was granted")
                .needs(write)
                .audited(Action::ClientRemoved)
                .answers(&[204]),
            remove,
        )
        .on(
            post("/v1/oauth-clients/{id}/secret", "Give an integration a new secret")
                .needs(write)
                .audited(Action::ClientSecretRolled)
                .answers(&[201]),
            roll,
        )
        .function("oauth-clients")
}

async fn list(app: App, call: Call<Nothing, ListClients>) -> Result<Reply<List<ClientView>>, Problem> {
    Ok(Reply::ok(client::list(&app, &call).await?))
}

async fn create(app: App, call: Call<NewClient>) -> Result<Reply<ClientView>, Problem> {
    let (client, secret) = call.body.clone().register(&app, call.principal()?)?;
    client::create(&app, &call, &client, secret).await
}

async fn show(app: App, call: Call) -> Result<Reply<ClientView>, Problem> {
    let client = client::get(&app, call.tenant()?, call.path("id")?).await?;
    let etag = ETag::of_version(client.version);
    Ok(Reply::ok(ClientView::of(&client, None, app.now())).etag(etag))
}

async fn remove(app: App, call: Call) -> Result<Reply<Nothing>, Problem> {
    client::remove(&app, &call, call.path("id")?).await
}

async fn roll(app: App, call: Call<RollSecret>) -> Result<Reply<ClientView>, Problem> {
    client::roll(&app, &call, call.path("id")?, call.body.overlap()?).await
}
