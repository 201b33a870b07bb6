//! Whose identities a store trusts beside its own: OpenID Connect issuers.

use serde::Deserialize;
use souk::{
    audit::Action,
    http::{Call, Keys, Limit, List, Nothing, Problem, Reply, Routes, delete, get, patch, post},
    identity::external::{self, ChangeIdentityProvider, IdentityProvider, NewIdentityProvider},
    principal::Scope,
    runtime::{App, Function},
};
use utoipa::IntoParams;

/// What to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ListProviders {
    /// How many at the most.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Limit,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The function.
pub fn function() -> Function {
    let (reads, writes) = (Scope::SettingsRead, Scope::SettingsWrite);
    Routes::new()
        .on(get("/v1/identity-providers", "List identity providers").needs(reads), list)
        .on(
            post("/v1/identity-providers", "Trust an identity provider")
                .needs(writes)
                .audited(Action::IssuerTrusted)
                .answers(&[201]),
            |app: App, call: Call<NewIdentityProvider>| async move { external::create(&app, &call).await },
        )
        .on(
            get("/v1/identity-providers/{id}", "Read an identity provider").needs(reads).answers(&[200, 304]),
            read,
        )
        .on(
            patch("/v1/identity-providers/{id}", "Change an identity provider")
                .needs(writes)
                .audited(Action::IssuerUpdated),
            |app: App, call: Call<ChangeIdentityProvider>| async move { external::change(&app, &call).await },
        )
        .on(
            delete("/v1/identity-providers/{id}", "Trust an identity provider no more")
                .needs(writes)
                .audited(Action::IssuerRemoved)
                .idempotency(Keys::Ignored)
                .answers(&[204]),
            |app: App, call: Call| async move { external::remove(&app, &call).await },
        )
        .function("identity-providers")
}

async fn list(
    app: App,
    call: Call<Nothing, ListProviders>,
) -> Result<Reply<List<IdentityProvider>>, Problem> {
    let from = call.position(&app, call.query.cursor.as_deref(), "").await?;
    let page = external::list(&app, call.tenant()?, call.query.limit.get(), from.as_deref()).await?;
    Ok(Reply::ok(call.list(&app, page, "").await?))
}

async fn read(app: App, call: Call) -> Result<Reply<IdentityProvider>, Problem> {
    let provider = external::get(&app, call.tenant()?, call.path("id")?).await?;
    Ok(external::view(&provider.ok_or_else(Problem::not_found)?))
}
