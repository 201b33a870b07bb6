//! Finding an issuer's keys: OpenID Connect Discovery 1.0, section 4.

use serde::Deserialize;
use serde_json::Value;

use super::keys::{self, IssuerKey};
use crate::runtime::{
    App,
    web::{self, WebError},
};

/// What is read of a discovery document.
#[derive(Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: String,
}

/// Why an issuer can't be used. Told to whoever adds it, so it says what to mend.
#[derive(Debug, thiserror::Error)]
pub(super) enum DiscoveryError {
    /// Its discovery document can't be had.
    #[error("its /.well-known/openid-configuration can't be read: {0}")]
    Document(WebError),
    /// The document is another issuer's.
    #[error("its discovery document is of another issuer; the two must be the same to the letter")]
    OtherIssuer,
    /// Its keys can't be had.
    #[error("its keys, where jwks_uri says, can't be read: {0}")]
    Keys(WebError),
    /// It has none that verify signatures.
    #[error("none of its keys can verify a signature (RSA, EC P-256 and P-384, Ed25519, each with a kid)")]
    NoKeys,
}

/// The keys of `issuer`, asked for now.
pub(super) async fn fetch(app: &App, issuer: &str) -> Result<Vec<IssuerKey>, DiscoveryError> {
    let base = issuer.strip_suffix('/').unwrap_or(issuer);
    let document: Document = web::get_json(app, &format!("{base}/.well-known/openid-configuration"))
        .await
        .map_err(DiscoveryError::Document)?;
    if document.issuer != issuer {
        return Err(DiscoveryError::OtherIssuer);
    }
    let set: Value = web::get_json(app, &document.jwks_uri).await.map_err(DiscoveryError::Keys)?;
    let keys = keys::of_set(&set);
    if keys.is_empty() { Err(DiscoveryError::NoKeys) } else { Ok(keys) }
}
