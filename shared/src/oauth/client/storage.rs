//! Where integrations are kept: each under its id alone, and a mark in its store's list.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{
    model::{Client, ClientType},
    secret::Secret,
    view::{ClientView, ListClients},
};
use crate::{
    http::{Call, Code, List, Nothing, Problem, Reply},
    id::ClientId,
    identity::grant::within_own_rights,
    runtime::App,
    store::{self, Page, Query, StoreError, Write, keys},
    tenant::Tenant,
};

/// The mark that an integration is the store's.
#[derive(Serialize, Deserialize)]
struct Mark {
    id: ClientId,
}

/// The integration `id`, whosever it is: for one that has yet to prove itself.
///
/// # Errors
/// [`StoreError`].
pub async fn find(app: &App, id: ClientId) -> Result<Option<Client>, StoreError> {
    store::get(app, "client", &keys::client(id)).await
}

/// The integration `id` of `tenant`.
///
/// # Errors
/// 404 where it has none.
pub async fn get(app: &App, tenant: Tenant, id: ClientId) -> Result<Client, Problem> {
    let client = find(app, id).await?.filter(|client| client.tenant() == tenant);
    client.ok_or_else(Problem::not_found)
}

/// A page of the store's integrations, by age.
///
/// # Errors
/// [`Problem`] where the cursor is wrong or storage fails.
pub async fn list(app: &App, call: &Call<Nothing, ListClients>) -> Result<List<ClientView>, Problem> {
    let (tenant, ask) = (call.tenant()?, &call.query);
    let from = call.position(app, ask.cursor.as_deref(), "").await?;
    let query = Query::partition(keys::clients(tenant));
    let page: Page<Mark> = query.page(app, "client mark", ask.limit.get(), from.as_deref()).await?;
    let keys: Vec<_> = page.items.iter().map(|mark| keys::client(mark.id)).collect();
    let clients = store::get_many::<Client>(app, "client", &keys, false).await?;
    let items = clients.into_iter().flatten().filter(|client| client.tenant() == tenant);
    let items = items.map(|client| ClientView::of(&client, None, app.now())).collect();
    call.list(app, Page { items, next: page.next }, "").await
}

/// Keeps a new integration, and answers it with its secret.
///
/// # Errors
/// [`Problem`] where storage fails.
pub async fn create<B, Q>(
    app: &App,
    call: &Call<B, Q>,
    client: &Client,
    secret: Option<String>,
) -> Result<Reply<ClientView>, Problem> {
    let mark = Mark { id: client.id };
    let writes = vec![
        Write::create("client", keys::client(client.id), client)?,
        Write::create("client mark", keys::client_mark(client.tenant(), client.id), &mark)?,
    ];
    let view = ClientView::of(client, secret, app.now());
    let reply = Reply::created(format!("/v1/oauth-clients/{}", client.id), view);
    Ok(call.commit(app, writes, reply).await?)
}

/// Gives an integration a new secret. The ones before go on for `overlap`.
///
/// # Errors
/// 403 where the integration may do what the caller may not: its secret would be a way around that. 422 where it has no
/// secrets. 409 where somebody else changed it meanwhile.
pub async fn roll<B, Q>(
    app: &App,
    call: &Call<B, Q>,
    id: ClientId,
    overlap: SignedDuration,
) -> Result<Reply<ClientView>, Problem> {
    let old = get(app, call.tenant()?, id).await?;
    within_own_rights(call.principal()?, &old.scopes)?;
    if old.client_type == ClientType::Public {
        return Err(Problem::new(Code::InvalidRequest, "A public client has no secret."));
    }
    let (now, mut client) = (app.now(), old.clone());
    let ends = (now + overlap).as_second();
    for secret in &mut client.secrets {
        secret.ends = Some(secret.ends.unwrap_or(ends).min(ends));
    }
    client.secrets.retain(|secret| secret.is_good(now));
    let (text, secret) = Secret::new(app);
    client.secrets.push(secret);
    (client.version, client.updated_at) = (old.version + 1, now);
    let write = Write::put("client", keys::client(id), &client)?
        .when("#version = :read")
        .name("#version", "version")
        .number(":read", old.version);
    let view = ClientView::of(&client, Some(text), now);
    let reply = Reply::created(format!("/v1/oauth-clients/{id}"), view);
    Ok(call.commit(app, vec![write], reply).await?)
}

/// Removes an integration. What it was granted ends with it, at the next request.
///
/// # Errors
/// 404 where the store has no such integration.
pub async fn remove<B, Q>(app: &App, call: &Call<B, Q>, id: ClientId) -> Result<Reply<Nothing>, Problem> {
    let client = get(app, call.tenant()?, id).await?;
    let writes = vec![Write::delete(keys::client(id)), Write::delete(keys::client_mark(client.tenant(), id))];
    Ok(call.commit(app, writes, Reply::empty()).await?)
}
