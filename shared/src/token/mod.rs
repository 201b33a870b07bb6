//! Signed tokens: JSON Web Tokens (RFC 7519), of our own making and of other issuers.

mod access;
mod keys;
mod ring_provider;

pub use access::{AccessClaims, AccessToken, LIFETIME, TokenError, looks_like_jwt, sign, unverified, verify};
pub use keys::{PublicKey, SigningKeys};
pub use ring_provider::install as install_crypto;
