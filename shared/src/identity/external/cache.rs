//! What is known of other issuers' keys, in the state table and in memory.
//!
//! Asked for again when a token names a key that is not known, and every hour; but at most once a minute per issuer,
//! over all environments, so that nobody can make Souk knock at an issuer's door by sending nonsense. While an issuer
//! can't be reached, its keys go on for a day.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{discovery, keys::IssuerKey};
use crate::{
    runtime::{App, web},
    store::{self, StoreError, Write, WriteError, keys},
};

/// How long keys are used without asking.
const FRESH: SignedDuration = SignedDuration::from_hours(1);

/// How long keys are used while their issuer can't be reached.
const STALE: SignedDuration = SignedDuration::from_hours(24);

/// How long an environment uses what it read of the table.
const REREAD: SignedDuration = SignedDuration::from_mins(5);

/// How long an issuer is left alone after it was asked.
const PAUSE: SignedDuration = SignedDuration::from_secs(60);

/// The keys of an issuer, as they are stored.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Known {
    keys: Vec<IssuerKey>,
    /// When the issuer gave them, in seconds since 1970.
    fetched_at: i64,
    /// When the issuer was last asked.
    asked_at: i64,
}

impl Known {
    fn is_younger(&self, age: SignedDuration, now: Timestamp) -> bool {
        (now.as_second() - self.fetched_at).abs() <= age.as_secs()
    }

    fn key(&self, kid: &str) -> Option<IssuerKey> {
        self.keys.iter().find(|key| key.kid == kid).cloned()
    }
}

/// The write that keeps what an issuer was just found to have.
pub(super) fn write(app: &App, issuer: &str, keys: Vec<IssuerKey>) -> Result<Write, StoreError> {
    let now = app.now().as_second();
    Write::put("issuer_keys", keys::issuer_keys(issuer), &Known { keys, fetched_at: now, asked_at: now })
}

/// The key of `issuer` with this name.
///
/// # Errors
/// [`StoreError`]. An issuer that can't be reached is no error: there is no such key then.
pub(super) async fn find(app: &App, issuer: &str, kid: &str) -> Result<Option<IssuerKey>, StoreError> {
    let (now, name) = (app.now(), format!("issuer {issuer}"));
    let good = |known: &Known| known.is_younger(FRESH, now).then(|| known.key(kid)).flatten();
    if let Some(key) = app.memo().get::<Known>(&name, now, REREAD).and_then(|known| good(&known)) {
        return Ok(Some(key));
    }
    let mut known: Known =
        store::get(app, "issuer_keys", &keys::issuer_keys(issuer)).await?.unwrap_or_default();
    if good(&known).is_none()
        && let Some(newer) = ask(app, issuer, &known).await?
    {
        known = newer;
    }
    app.memo().put(&name, now, known.clone());
    Ok(known.is_younger(STALE, now).then(|| known.key(kid)).flatten())
}

/// Asks the issuer, unless somebody else did so just now.
async fn ask(app: &App, issuer: &str, known: &Known) -> Result<Option<Known>, StoreError> {
    let now = app.now().as_second();
    if (now - known.asked_at).abs() < PAUSE.as_secs() {
        return Ok(None);
    }
    // Whoever writes this down is the one who asks.
    let key = keys::issuer_keys(issuer);
    let asking = Known { asked_at: now, ..known.clone() };
    let turn = Write::put("issuer_keys", key, &asking)?
        .when("attribute_not_exists(pk) OR asked_at = :read")
        .number(":read", known.asked_at);
    match store::commit(app, vec![turn]).await {
        Ok(()) => {}
        Err(WriteError::Refused(_)) => return Ok(None),
        Err(WriteError::Store(error)) => return Err(error),
    }
    // A request waits for this.
    let fetched = match tokio::time::timeout(web::PATIENCE, discovery::fetch(app, issuer)).await {
        Ok(Ok(keys)) => keys,
        Ok(Err(error)) => {
            tracing::warn!(issuer, %error, "an issuer's keys can't be read");
            return Ok(None);
        }
        Err(_) => {
            tracing::warn!(issuer, "an issuer did not give its keys in time");
            return Ok(None);
        }
    };
    match store::commit(app, vec![write(app, issuer, fetched.clone())?]).await {
        Ok(()) | Err(WriteError::Refused(_)) => {}
        Err(WriteError::Store(error)) => return Err(error),
    }
    Ok(Some(Known { keys: fetched, fetched_at: now, asked_at: now }))
}
