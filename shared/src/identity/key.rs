//! API keys: made once, shown once, stored as a hash.

use serde::{Deserialize, Serialize};

use crate::{
    id::{KeyId, StoreId},
    principal::{Denial, Principal, Scope, Who},
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
    pub fn scopes(self) -> Vec<Scope> {
        match self {
            Self::Publishable => Scope::PUBLISHABLE.to_vec(),
            Self::Secret => Scope::ALL.iter().copied().filter(|scope| scope.can_be_granted()).collect(),
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
    let key = ApiKey { id: KeyId::new(app), store: tenant.store(), mode: tenant.mode(), kind };
    let write = Write::put("key", keys::api_key(&secret), &key)?;
    Ok((secret, write))
}

/// Who holds the key in an `Authorization: Bearer …` header.
///
/// # Errors
/// The inner one is [`Denial`]; the outer one [`StoreError`], where the keys can't be read.
pub async fn identify(
    app: &App,
    authorization: Option<&str>,
) -> Result<Result<Principal, Denial>, StoreError> {
    let Some(header) = authorization.map(str::trim).filter(|header| !header.is_empty()) else {
        return Ok(Err(Denial::Missing));
    };
    let secret = match header.split_once(' ') {
        Some((scheme, secret)) if scheme.eq_ignore_ascii_case("bearer") => secret.trim(),
        _ => return Ok(Err(Denial::Unknown)),
    };
    // Every key fits; what is longer is not worth hashing.
    if !(secret.starts_with("pk_") || secret.starts_with("sk_")) || secret.len() > 128 {
        return Ok(Err(Denial::Unknown));
    }
    // Found by its SHA-256: 160 random bits need no slow hash, and no comparison is left whose time could tell.
    let key: Option<ApiKey> = store::get(app, "key", &keys::api_key(secret)).await?;
    let principal =
        |key: ApiKey| Principal::new(key.store, key.mode, Who::Key(key.id), None, key.kind.scopes());
    Ok(key.map(principal).ok_or(Denial::Unknown))
}
