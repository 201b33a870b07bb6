//! Where identity providers are kept: each in its store's partition, and for each of its audiences a mark that is found
//! without knowing the store.

use serde::{Deserialize, Serialize};

use super::{
    Audience,
    provider::{ChangeIdentityProvider, IdentityProvider, NewIdentityProvider},
    {cache, discovery},
};
use crate::{
    http::{Call, Code, CommitError, ETag, Nothing, Problem, Reply},
    id::{IdentityProviderId, StoreId},
    principal::Principal,
    runtime::{App, web},
    staff,
    store::{self, Page, Query, StoreError, Write, keys},
    tenant::{Mode, Tenant},
};

/// Who trusts an issuer for an audience.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Trust {
    store: StoreId,
    mode: Mode,
    /// The provider's id.
    pub provider: IdentityProviderId,
}

impl Trust {
    /// Whose provider it is.
    pub fn tenant(&self) -> Tenant {
        Tenant::of_own_record(self.store, self.mode)
    }
}

/// Who trusts `issuer` for `audience`.
pub(super) async fn trust(app: &App, issuer: &str, audience: &str) -> Result<Option<Trust>, StoreError> {
    store::get(app, "trusted_issuer", &keys::trusted_issuer(issuer, audience)).await
}

/// The provider `id`.
///
/// # Errors
/// [`StoreError`].
pub async fn get(
    app: &App,
    tenant: Tenant,
    id: IdentityProviderId,
) -> Result<Option<IdentityProvider>, StoreError> {
    store::get(app, "identity_provider", &keys::identity_provider(tenant, id)).await
}

/// A page of a store's providers, by age.
///
/// # Errors
/// [`StoreError`].
pub async fn list(
    app: &App,
    tenant: Tenant,
    limit: usize,
    from: Option<&[(String, String)]>,
) -> Result<Page<IdentityProvider>, StoreError> {
    Query::partition(keys::identity_providers(tenant)).page(app, "identity_provider", limit, from).await
}

/// Trusts a new provider, after asking it for its keys.
///
/// # Errors
/// 422 where the provider can't be used, 403 where a role may do more than the caller, 409 where a store trusts the same
/// issuer for the same audience already.
pub async fn create(app: &App, call: &Call<NewIdentityProvider>) -> Result<Reply<IdentityProvider>, Problem> {
    let tenant = call.tenant()?;
    let provider = IdentityProvider::new(app, call.body.clone())?;
    may_grant(app, call.principal()?, &provider).await?;
    let issuer = provider.issuer.as_str();
    let unusable = |reason: String| {
        Problem::new(Code::IssuerUnusable, format!("The issuer can't be used: {reason}.")).at("issuer")
    };
    web::check(app, issuer).map_err(|error| unusable(error.to_string()))?;
    let found = discovery::fetch(app, issuer).await.map_err(|error| unusable(error.to_string()))?;
    if !found.iter().any(|key| provider.algorithms.contains(&key.algorithm)) {
        return Err(unusable("none of its keys is for an algorithm that is allowed".to_owned()));
    }
    let mut writes = vec![
        Write::create("identity_provider", keys::identity_provider(tenant, provider.id), &provider)?,
        cache::write(app, issuer, found)?,
    ];
    let audiences: Vec<&Audience> = provider.audiences.iter().collect();
    for audience in &audiences {
        writes.push(mark(tenant, &provider, audience)?);
    }
    let location = format!("/v1/identity-providers/{}", provider.id);
    let reply = view(&provider).status_created(location);
    call.commit(app, writes, reply).await.map_err(|error| taken(error, 2, &audiences))
}

/// Changes a provider.
///
/// # Errors
/// As [`create`]; 412 or 409 where it changed meanwhile.
pub async fn change(
    app: &App,
    call: &Call<ChangeIdentityProvider>,
) -> Result<Reply<IdentityProvider>, Problem> {
    let tenant = call.tenant()?;
    let old = get(app, tenant, call.path("id")?).await?.ok_or_else(Problem::not_found)?;
    ETag::of_version(old.version).if_match(&call.headers)?;
    let new = old.changed(call.body.clone(), app.now())?;
    // Whoever may not give these roles may not open the door to them by another way either: another audience, say.
    if new.enabled {
        may_grant(app, call.principal()?, &new).await?;
    }
    let provider = Write::put("identity_provider", keys::identity_provider(tenant, new.id), &new)?;
    let mut writes =
        vec![provider.when("#version = :read").name("#version", "version").number(":read", old.version)];
    let added: Vec<&Audience> = new.audiences.difference(&old.audiences).collect();
    for audience in &added {
        writes.push(mark(tenant, &new, audience)?);
    }
    for audience in old.audiences.difference(&new.audiences) {
        writes.push(unmark(&old, audience));
    }
    let reply = view(&new);
    call.commit(app, writes, reply).await.map_err(|error| taken(error, 1, &added))
}

/// Trusts a provider no more, from the next request on.
///
/// # Errors
/// 404, 412 or 409.
pub async fn remove(app: &App, call: &Call) -> Result<Reply<Nothing>, Problem> {
    let tenant = call.tenant()?;
    let old = get(app, tenant, call.path("id")?).await?.ok_or_else(Problem::not_found)?;
    ETag::of_version(old.version).if_match(&call.headers)?;
    let provider = Write::delete(keys::identity_provider(tenant, old.id));
    let mut writes =
        vec![provider.when("#version = :read").name("#version", "version").number(":read", old.version)];
    writes.extend(old.audiences.iter().map(|audience| unmark(&old, audience)));
    Ok(call.commit(app, writes, Reply::empty()).await?)
}

/// A provider as it is answered.
pub fn view(provider: &IdentityProvider) -> Reply<IdentityProvider> {
    Reply::ok(provider.clone()).etag(ETag::of_version(provider.version))
}

fn mark(tenant: Tenant, provider: &IdentityProvider, audience: &Audience) -> Result<Write, StoreError> {
    let trust = Trust { store: tenant.store(), mode: tenant.mode(), provider: provider.id };
    let key = keys::trusted_issuer(provider.issuer.as_str(), audience.as_str());
    Write::create("trusted_issuer", key, &trust)
}

fn unmark(provider: &IdentityProvider, audience: &Audience) -> Write {
    Write::delete(keys::trusted_issuer(provider.issuer.as_str(), audience.as_str()))
        .when("#provider = :provider")
        .name("#provider", "provider")
        .text(":provider", provider.id.to_string())
}

/// Whether the caller may do all that the provider's roles may: nobody gives what they don't have.
async fn may_grant(app: &App, caller: &Principal, provider: &IdentityProvider) -> Result<(), Problem> {
    let Some(mapping) = &provider.roles else { return Ok(()) };
    for (word, role) in &mapping.values {
        let param = format!("roles.values.{word}");
        let scopes = staff::role_scopes(app, caller.tenant(), *role).await?;
        let scopes = scopes.ok_or_else(|| Problem::invalid(&*param, "The store has no such role."))?;
        if let Some(scope) = scopes.into_iter().find(|scope| !caller.may(*scope)) {
            return Err(Problem::missing_scope(scope).at(param));
        }
    }
    Ok(())
}

/// The marks stand from the write at `first` on.
fn taken(error: CommitError, first: usize, audiences: &[&Audience]) -> Problem {
    let taken = (0..audiences.len()).find(|place| error.refused(first + place));
    match taken {
        Some(place) => {
            let detail =
                format!("The issuer is trusted for {} already, here or elsewhere.", audiences[place]);
            Problem::new(Code::IssuerTaken, detail).at("audiences")
        }
        None => error.into(),
    }
}
