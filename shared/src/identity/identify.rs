//! From what a request carries to who sends it.

use super::{api_key, client, external, rights};
use crate::{
    principal::{Denial, Principal, Who},
    runtime::App,
    session,
    store::StoreError,
    token::{self, AccessClaims, TokenError},
};

/// Who sends a request with this `Authorization` header to a deployment whose address is `issuer`.
///
/// Everything that can be revoked is looked up, on every request: a key, a log-in, a role, an issuer that is trusted. So a
/// revocation takes effect at the next request; only of a publishable key that can't be read, what was read of it a moment
/// ago goes.
///
/// # Errors
/// The inner one is [`Denial`]; the outer one [`StoreError`], where the keys can't be read.
pub async fn identify(
    app: &App,
    authorization: Option<&str>,
    issuer: &str,
) -> Result<Result<Principal, Denial>, StoreError> {
    let Some(header) = authorization.map(str::trim).filter(|header| !header.is_empty()) else {
        return Ok(Err(Denial::Missing));
    };
    let credential = match header.split_once(' ') {
        Some((scheme, credential)) if scheme.eq_ignore_ascii_case("bearer") => credential.trim(),
        _ => return Ok(Err(Denial::Unknown)),
    };
    let principal = if credential.starts_with("pk_") || credential.starts_with("sk_") {
        api_key::holder(app, credential).await?
    } else if token::looks_like_jwt(credential) {
        match token::unverified(credential, "iss") {
            Some(other) if other != issuer => external::identify(app, credential).await?,
            _ => holder_of_token(app, credential, issuer).await?,
        }
    } else {
        None
    };
    Ok(principal.ok_or(Denial::Unknown))
}

async fn holder_of_token(app: &App, credential: &str, issuer: &str) -> Result<Option<Principal>, StoreError> {
    let claims = match token::verify(app, issuer, credential).await {
        Ok(claims) => claims,
        Err(TokenError::Store(error)) => return Err(error),
        Err(TokenError::Invalid(reason)) => {
            tracing::debug!(reason, "token refused");
            return Ok(None);
        }
    };
    of_claims(app, &claims).await
}

/// The holder of a token that was verified, if what the token rests on is still there.
///
/// # Errors
/// [`StoreError`].
pub async fn of_claims(app: &App, claims: &AccessClaims) -> Result<Option<Principal>, StoreError> {
    let (tenant, who) = (claims.tenant(), claims.sub);
    let session = match (claims.sid, who) {
        (Some(id), _) => match session::alive(app, tenant, who, id).await? {
            Some(session) => Some(session),
            None => return Ok(None),
        },
        // Only an integration acts without anybody's log-in. No log-in can be ended then, so its tokens are revoked one
        // by one.
        (None, Who::Client(_)) => match token::is_revoked(app, claims).await? {
            true => return Ok(None),
            false => None,
        },
        (None, _) => return Ok(None),
    };
    let Some(mut scopes) = rights::of(app, tenant, who).await? else {
        return Ok(None);
    };
    if let Some(limit) = session.as_ref().and_then(|session| session.scopes.as_ref()) {
        scopes.retain(|scope| limit.contains(scope));
    }
    // What was granted to an integration ends with it.
    if let Some(client) = session.as_ref().and_then(|session| session.client) {
        match client::scopes(app, tenant, client).await? {
            Some(limit) => scopes.retain(|scope| limit.contains(scope)),
            None => return Ok(None),
        }
    }
    let granted = claims.scopes();
    scopes.retain(|scope| granted.contains(scope));
    Ok(Some(Principal::new(tenant.store(), tenant.mode(), who, claims.sid, scopes)))
}
