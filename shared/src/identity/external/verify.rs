//! Who holds a token of another issuer.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use super::{
    cache,
    provider::{AudienceClaim, IdentityProvider, RoleMapping, SignatureAlgorithm, Subjects},
    storage,
    token::{Claims, Token},
};
use crate::{
    id::{CustomerId, StaffId},
    principal::{Principal, Scope, Who},
    runtime::App,
    staff,
    store::StoreError,
    tenant::Tenant,
};

/// Who holds a token of another issuer; nobody where no store trusts the issuer for this audience, or the token is not
/// good.
///
/// The provider and its roles are read on every request: what is changed, disabled or removed counts from the next one
/// on. A single token can't be revoked here; it ends when its issuer said it would.
///
/// # Errors
/// [`StoreError`].
pub async fn identify(app: &App, token: &str) -> Result<Option<Principal>, StoreError> {
    let refused = |reason: &'static str| {
        tracing::debug!(reason, "token of another issuer refused");
        Ok(None)
    };
    let token = match Token::parse(token) {
        Ok(token) => token,
        Err(reason) => return refused(reason),
    };
    let Some((tenant, provider)) = trusting(app, &token.claims).await? else {
        return refused("nobody trusts this issuer and audience");
    };
    if let Err(reason) = token.claims.in_time(app.now()) {
        return refused(reason);
    }
    let Some(algorithm) = SignatureAlgorithm::of_name(&token.header.alg) else {
        return refused("alg");
    };
    let Some(key) = cache::find(app, provider.issuer.as_str(), &token.header.kid).await? else {
        return refused("kid");
    };
    // The key knows its one algorithm; the header may only agree.
    if key.algorithm != algorithm || !provider.algorithms.contains(&key.algorithm) {
        return refused("alg");
    }
    if !key.verifies(token.message, token.signature) {
        return refused("signature");
    }
    if !provider.required_claims.iter().all(|(claim, value)| token.has(claim, value)) {
        return refused("required claims");
    }
    let seed = subject(tenant, &token.claims);
    let seed: Vec<&[u8]> = seed.iter().map(String::as_bytes).collect();
    let (who, scopes) = match (provider.subjects, &provider.roles) {
        (Subjects::Customers, _) => {
            (Who::Customer(CustomerId::derived(Timestamp::UNIX_EPOCH, &seed)), Scope::CUSTOMER.into())
        }
        (Subjects::Staff, Some(mapping)) => {
            let Some(scopes) = scopes(app, tenant, mapping, &token).await? else {
                return refused("no role");
            };
            (Who::Staff(StaffId::derived(Timestamp::UNIX_EPOCH, &seed)), scopes)
        }
        (Subjects::Staff, None) => return refused("no role"),
    };
    Ok(Some(Principal::new(tenant.store(), tenant.mode(), who, None, scopes)))
}

/// What the id of a subject follows from: the store and its mode, the issuer, and the issuer's own name of the subject.
fn subject(tenant: Tenant, claims: &Claims) -> [String; 3] {
    [tenant.to_string(), claims.iss.clone(), claims.sub.clone()]
}

/// The provider, and whose it is, that trusts this issuer for this audience. A token that is for several stores at once
/// is for none of them.
async fn trusting(app: &App, claims: &Claims) -> Result<Option<(Tenant, IdentityProvider)>, StoreError> {
    let named: BTreeSet<&String> = claims.audiences().iter().chain(&claims.client_id).collect();
    let mut found = None;
    for audience in named {
        let Some(trust) = storage::trust(app, &claims.iss, audience).await? else { continue };
        if found.as_ref().is_some_and(|other| *other != trust) {
            return Ok(None);
        }
        found = Some(trust);
    }
    let Some(trust) = found else { return Ok(None) };
    let tenant = trust.tenant();
    let provider = storage::get(app, tenant, trust.provider).await?;
    let provider = provider.filter(|provider| {
        provider.enabled && provider.issuer.as_str() == claims.iss && is_for(provider, claims)
    });
    Ok(provider.map(|provider| (tenant, provider)))
}

/// Whether the claim that the provider goes by names one of its audiences.
fn is_for(provider: &IdentityProvider, claims: &Claims) -> bool {
    let known = |audience: &String| provider.audiences.iter().any(|known| known.as_str() == audience);
    let by_audience = claims.audiences().iter().any(known);
    match provider.audience_claim {
        AudienceClaim::Aud => by_audience,
        AudienceClaim::ClientId => {
            claims.client_id.as_ref().is_some_and(known) && (claims.audiences().is_empty() || by_audience)
        }
    }
}

/// What the roles together may do that the token's words make; nothing where they make none.
async fn scopes(
    app: &App,
    tenant: Tenant,
    mapping: &RoleMapping,
    token: &Token<'_>,
) -> Result<Option<BTreeSet<Scope>>, StoreError> {
    let words: Vec<&str> = match token.claim(mapping.claim.as_str()) {
        Some(Value::String(word)) => vec![word],
        Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let mut scopes = None;
    for role in words.into_iter().filter_map(|word| mapping.values.get(word)).collect::<Vec<_>>() {
        // A role that was removed gives nothing any more.
        if let Some(more) = staff::role_scopes(app, tenant, *role).await? {
            scopes.get_or_insert_with(BTreeSet::new).extend(more);
        }
    }
    Ok(scopes)
}
