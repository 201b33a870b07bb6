//! API keys: made once, shown once, stored as a hash.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    id::{KeyId, StoreId},
    principal::{Principal, Scope, Who},
    runtime::App,
    store::{self, StoreError, Write, keys},
    tenant::{Mode, Tenant},
};

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// `pk_…`: for a storefront, where everybody can read it.
    Publishable,
    /// `sk_…`: for the shop's own systems.
    Secret,
}

impl KeyKind {
    /// What its holder may do.
    pub fn scopes(self) -> BTreeSet<Scope> {
        match self {
            Self::Publishable => Scope::PUBLISHABLE.into(),
            Self::Secret => Scope::grantable(),
        }
    }
}

/// An API key as it is stored: everything but the secret, whose hash is its address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its id, which may be shown.
    pub id: KeyId,
    /// The store it opens.
    pub store: StoreId,
    /// In which mode.
    pub mode: Mode,
    /// What it is for.
    #[serde(rename = "key_kind")]
    pub kind: KeyKind,
    /// What its holder may do; all that such a key may, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<BTreeSet<Scope>>,
    /// When it ends, in seconds since 1970. A key that was rolled goes on for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
}

/// A new secret for a key: `sk_live_` and 160 random bits.
fn new_secret(app: &App, mode: Mode, kind: KeyKind) -> String {
    let prefix = match kind {
        KeyKind::Publishable => "pk",
        KeyKind::Secret => "sk",
    };
    let random: String = app.entropy().bytes::<20>().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{prefix}_{mode}_{random}")
}

/// Makes a key of `tenant`: its secret, and the write that stores it. `secret` sets a known one, for a demo store.
///
/// # Errors
/// [`StoreError`] where the key can't be written down.
pub fn issue(
    app: &App,
    tenant: Tenant,
    kind: KeyKind,
    secret: Option<String>,
) -> Result<(String, Write), StoreError> {
    let secret = secret.unwrap_or_else(|| new_secret(app, tenant.mode(), kind));
    let key = ApiKey {
        id: KeyId::new(app),
        store: tenant.store(),
        mode: tenant.mode(),
        kind,
        scopes: None,
        expires: None,
    };
    let write = Write::put("key", keys::api_key(&secret), &key)?;
    Ok((secret, write))
}

/// Who holds an API key.
///
/// # Errors
/// [`StoreError`], where the keys can't be read.
pub(super) async fn holder(app: &App, secret: &str) -> Result<Option<Principal>, StoreError> {
    // Every key fits; what is longer is not worth hashing.
    if secret.len() > 128 {
        return Ok(None);
    }
    // Found by its SHA-256: 160 random bits need no slow hash, and no comparison is left whose time could tell.
    let key: Option<ApiKey> = store::get(app, "key", &keys::api_key(secret)).await?;
    let key = key.filter(|key| key.expires.is_none_or(|expires| app.now().as_second() < expires));
    Ok(key.map(|key| {
        let scopes = key.scopes.clone().unwrap_or_else(|| key.kind.scopes());
        Principal::new(key.store, key.mode, Who::Key(key.id), None, scopes)
    }))
}
