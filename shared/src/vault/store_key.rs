//! The key of a store, which its people's keys are wrapped by: made when the store is opened, wrapped by KMS, and
//! remembered for minutes, so that KMS is not asked for every order.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Cipher, VaultError, kms};
use crate::{
    runtime::App,
    store::{self, Write, WriteError, keys},
    tenant::Tenant,
};

/// How long an environment remembers it: how long the key of KMS can be disabled, or a function's right to it taken
/// away, before nothing opens any more.
const REMEMBERED: SignedDuration = SignedDuration::from_mins(10);

/// Its name in what an environment remembers of a tenant.
const MEMO: &str = "vault";

/// A store's item, one for each mode.
#[derive(Serialize, Deserialize)]
struct Entry {
    wrapped: String,
    made_at: Timestamp,
}

fn bound(tenant: Tenant) -> [(&'static str, String); 2] {
    [("tenant", tenant.to_string()), ("key", "store".to_owned())]
}

/// The key of `tenant`, if it has one.
pub(super) async fn find(app: &App, tenant: Tenant) -> Result<Option<Arc<Cipher>>, VaultError> {
    if let Some(known) = app.tenant_memo().get(tenant, MEMO, app.now(), REMEMBERED) {
        return Ok(Some(known));
    }
    // Strongly, even where people are only shown: a key that was made a moment ago would look as if it were lost.
    let entry: Option<Entry> = store::get(&app.deciding(), "store-key", &keys::store_key(tenant)).await?;
    let Some(entry) = entry else {
        return Ok(None);
    };
    let key = kms::unwrap(app, bound(tenant), &entry.wrapped).await?;
    Ok(Some(app.tenant_memo().put(tenant, MEMO, app.now(), key)))
}

/// The key of `tenant`.
pub(super) async fn the(app: &App, tenant: Tenant) -> Result<Arc<Cipher>, VaultError> {
    find(app, tenant).await?.ok_or(VaultError::NoStoreKey)
}

/// Makes the key of `tenant`, which is opened, unless it has one. Only whoever opens stores may: nobody else can put a
/// key in the place of the one that opens what the store knows.
///
/// # Errors
/// [`VaultError`]; asked again, it makes the key.
pub async fn make_store_key(app: &App, tenant: Tenant) -> Result<(), VaultError> {
    let (key, wrapped) = kms::make(app, bound(tenant)).await?;
    let entry = Entry { wrapped, made_at: app.now() };
    let write = Write::put("store-key", keys::store_key(tenant), &entry)?.when("attribute_not_exists(pk)");
    match store::commit(app, vec![write]).await {
        Ok(()) => {
            app.tenant_memo().put(tenant, MEMO, app.now(), key);
            Ok(())
        }
        // Somebody else was first, or this is the second try of a write whose answer was lost.
        Err(WriteError::Refused(_)) => Ok(()),
        Err(WriteError::Store(error)) => Err(error.into()),
    }
}
