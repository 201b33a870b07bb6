//! Who holds a key: what the authorizer asks on every request.

use jiff::{SignedDuration, Timestamp};

use super::model::ApiKey;
use crate::{
    principal::{Principal, Who},
    runtime::App,
    store::{self, StoreError, Write, WriteError, keys},
    tenant::Tenant,
};

/// How exactly it is noted when a key was last used.
const NOTED_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// Who holds an API key.
///
/// # Errors
/// [`StoreError`], where the keys can't be read.
pub(in crate::identity) async fn holder(app: &App, secret: &str) -> Result<Option<Principal>, StoreError> {
    // Every key fits; what is longer is not worth hashing.
    if secret.len() > 128 {
        return Ok(None);
    }
    // Found by its SHA-256: 160 random bits need no slow hash, and no comparison is left whose time could tell.
    let hash = keys::hash(&[secret.as_bytes()]);
    let key: Option<ApiKey> = store::get(app, "key", &keys::api_key(&hash)).await?;
    let now = app.now();
    let Some(key) = key.filter(|key| key.expires.is_none_or(|expires| now.as_second() < expires)) else {
        return Ok(None);
    };
    if key.noted_at.is_none_or(|noted_at| noted_at <= (now - NOTED_EVERY).as_second()) {
        // Once an hour a request waits for it: an environment is frozen as soon as it has answered, so there is no
        // time after the answer. Where it fails, nothing is lost that another request won't bring again.
        if let Err(WriteError::Store(error)) = note_use(app, &hash, &key, now).await {
            tracing::debug!(%error, "the use of a key was not noted");
        }
    }
    let scopes = key.scopes.clone().unwrap_or_else(|| key.kind.scopes());
    Ok(Some(Principal::new(key.store, key.mode, Who::Key(key.id), None, scopes)))
}

/// Notes that the key was used. Of many environments that find it due at once, one writes; a key that was revoked
/// meanwhile stays away.
async fn note_use(app: &App, hash: &str, key: &ApiKey, now: Timestamp) -> Result<(), WriteError> {
    let mark = Write::update(keys::api_key(hash), "SET noted_at = :now")
        .when("attribute_exists(pk) AND (attribute_not_exists(noted_at) OR noted_at <= :due)")
        .number(":now", now.as_second())
        .number(":due", (now - NOTED_EVERY).as_second());
    store::commit(app, vec![mark]).await?;
    let tenant = Tenant::of_own_record(key.store, key.mode);
    let shown = Write::update(keys::api_key_listing(tenant, key.id), "SET last_used_at = :now")
        .when("attribute_exists(pk)")
        .text(":now", now.to_string());
    store::commit(app, vec![shown]).await
}
