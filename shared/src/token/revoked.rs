//! Access tokens that rest on no log-in are revoked by name, until they would have ended anyway.

use serde::{Deserialize, Serialize};

use super::AccessClaims;
use crate::{
    runtime::App,
    store::{self, StoreError, Write, WriteError, keys},
};

#[derive(Serialize, Deserialize)]
struct Revoked {
    /// When the mark is of no use any more, in seconds since 1970.
    expires: i64,
}

/// DynamoDB may delete the mark from then on: an hour after the token's end no clock takes it for good any more.
const GRACE: i64 = 3600;

/// Revokes a token: from the next request on it is not accepted.
///
/// # Errors
/// [`StoreError`].
pub async fn revoke(app: &App, claims: &AccessClaims) -> Result<(), StoreError> {
    let key = keys::revoked_token(claims.tenant(), &claims.jti);
    let mark = Revoked { expires: claims.exp.saturating_add(GRACE) };
    match store::commit(app, vec![Write::put("revoked", key, &mark)?]).await {
        Err(WriteError::Store(error)) => Err(error),
        // Nothing is asked of the item, so nothing can be refused.
        Ok(()) | Err(WriteError::Refused(_)) => Ok(()),
    }
}

/// Whether a token was revoked by name.
///
/// # Errors
/// [`StoreError`].
pub async fn is_revoked(app: &App, claims: &AccessClaims) -> Result<bool, StoreError> {
    let key = keys::revoked_token(claims.tenant(), &claims.jti);
    let mark: Option<Revoked> = store::get(app, "revoked", &key).await?;
    Ok(mark.is_some())
}
