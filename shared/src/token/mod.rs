//! Signed tokens: JSON Web Tokens (RFC 7519), of our own making and of other issuers.

mod access;
mod keys;
mod revoked;
mod ring_provider;
mod rotate;

pub use access::{AccessClaims, AccessToken, LIFETIME, TokenError, looks_like_jwt, sign, unverified, verify};
pub use keys::{PublicKey, SigningKeys};
pub use revoked::{is_revoked, revoke};
pub use ring_provider::install as install_crypto;
pub use rotate::{Rotation, rotate};
