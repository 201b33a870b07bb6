//! Who holds a key: what the authorizer asks on every request.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

use super::model::{ApiKey, KeyKind};
use crate::{
    principal::{Principal, Who},
    runtime::App,
    store::{self, StoreError, Write, WriteError, keys},
    tenant::Tenant,
};

/// How exactly it is noted when a key was last used.
const NOTED_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// How long ago a publishable key may have been read that can't be read now.
const STANDS_IN: SignedDuration = SignedDuration::from_secs(10);

/// How long such a key is tried to be read, again and again where it is throttled.
const PATIENCE: Duration = Duration::from_millis(250);

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
    let now = app.now();
    let Some(key) = read(app, &hash, now)
        .await?
        .filter(|key| key.expires.is_none_or(|expires| now.as_second() < expires))
    else {
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

/// The key whose secret has this hash. It is read for every request, and one item is read 3,000 times a second at most, so
/// a rush on a storefront can be more than that: what this environment read of a publishable key a moment ago goes for
/// it then. No other key does that, and this one in no other case: when it can be read, it counts as it is.
async fn read(app: &App, hash: &str, now: Timestamp) -> Result<Option<ApiKey>, StoreError> {
    let name = format!("api-key/{hash}");
    let known = |most_age| app.memo().get::<Option<ApiKey>>(&name, now, most_age);
    let key = keys::api_key(hash);
    let read = store::get::<ApiKey>(app, "key", &key);
    let read = match known(STANDS_IN) {
        None => read.await,
        Some(_) => match timeout(PATIENCE, read).await {
            Ok(read) => read,
            Err(_) => Err(StoreError::Busy("the key can't be read in time".to_owned())),
        },
    };
    match read {
        Ok(found) => {
            // Also that it is gone, where it was known.
            let publishable = found.as_ref().is_some_and(|key| key.kind == KeyKind::Publishable);
            if publishable || known(SignedDuration::MAX).is_some() {
                app.memo().put(&name, now, found.clone());
            }
            Ok(found)
        }
        Err(error) => known(STANDS_IN).map(|known| Option::clone(&known)).ok_or(error),
    }
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
