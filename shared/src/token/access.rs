//! Access tokens after RFC 9068.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::{
    keys::{PublicKey, SigningKeys},
    ring_provider,
};
use crate::{
    http::Problem,
    id::{SessionId, StoreId},
    principal::{Scope, Who},
    runtime::App,
    store::StoreError,
    tenant::{Mode, Tenant},
};

/// How long an access token is good.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(10);

/// How far two clocks may be apart (guards.md, 15).
const LEEWAY: i64 = 30;

/// The longest of our own tokens that is looked at.
const MOST_BYTES: usize = 4096;

/// The longest token of anybody's. The gateway takes about 10 KB of headers.
const MOST_BYTES_OF_ANY: usize = 8192;

/// The media type of an access token, RFC 9068 section 2.1.
const TYPE: &str = "at+jwt";

/// A token to be signed.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// Whose data it opens.
    pub tenant: Tenant,
    /// Who holds it.
    pub who: Who,
    /// The log-in or grant that it rests on. An integration that acts for itself has none.
    pub session: Option<SessionId>,
    /// Which client asked for it: an integration's id, or the store's own storefront.
    pub client: String,
    /// What it may do at most.
    pub scopes: Vec<Scope>,
}

/// The claims of an access token. All are required, and each has one type only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Who issued it: this deployment's address.
    pub iss: String,
    /// Who holds it.
    pub sub: Who,
    /// Whom it is for: this deployment's address.
    pub aud: String,
    /// When it ends, in seconds since 1970.
    pub exp: i64,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// Its own id.
    pub jti: String,
    /// Which client asked for it.
    pub client_id: String,
    /// What it may do at most, separated by spaces.
    pub scope: String,
    /// The log-in or grant that it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<SessionId>,
    /// The store it opens.
    pub store: StoreId,
    /// In which mode.
    pub mode: Mode,
}

impl AccessClaims {
    /// Whose data it opens. Only verified claims are at hand.
    pub fn tenant(&self) -> Tenant {
        Tenant::of_verified_principal(self.store, self.mode)
    }

    /// What it may do at most.
    pub fn scopes(&self) -> Vec<Scope> {
        self.scope.split_whitespace().filter_map(|scope| scope.parse().ok()).collect()
    }
}

/// Why a token is not accepted. Told to nobody but the log.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// It was not made here, was changed, has expired, or is for another purpose.
    #[error("the token is not valid: {0}")]
    Invalid(&'static str),
    /// The keys can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether `text` could be a JSON Web Token.
pub fn looks_like_jwt(text: &str) -> bool {
    text.len() <= MOST_BYTES_OF_ANY
        && text.starts_with("ey")
        && text.bytes().filter(|&byte| byte == b'.').count() == 2
}

/// A claim of a token that nobody verified yet: good for finding out whose keys to verify it with, for nothing else.
pub fn unverified(token: &str, claim: &str) -> Option<String> {
    let payload = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&payload).ok()?;
    claims.get(claim)?.as_str().map(str::to_owned)
}

/// Signs a token, and publishes the key it is signed with.
///
/// # Errors
/// A 500 where the keys can't be had.
pub async fn sign(app: &App, issuer: &str, token: &AccessToken) -> Result<String, Problem> {
    ring_provider::install();
    let now = app.now();
    let keys = SigningKeys::load(app).await.map_err(Problem::internal)?;
    let (seed, public) = keys.current(now).map_err(Problem::internal)?;
    public.publish(app).await?;
    let jti: [u8; 16] = app.entropy().bytes();
    let claims = AccessClaims {
        iss: issuer.to_owned(),
        sub: token.who,
        aud: issuer.to_owned(),
        exp: (now + LIFETIME).as_second(),
        iat: now.as_second(),
        jti: BASE64_URL_SAFE_NO_PAD.encode(jti),
        client_id: token.client.clone(),
        scope: token.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" "),
        sid: token.session,
        store: token.tenant.store(),
        mode: token.tenant.mode(),
    };
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(public.kid);
    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ed_der(&seed)).map_err(Problem::internal)
}

/// Verifies one of our own tokens. Whether the log-in it rests on is still alive is another question.
///
/// The header's `kid` only looks a key up; a key that comes with the token (`jwk`, `jku`, `x5c`, `x5u`) is never used,
/// and the algorithm is the key's, whatever the header says.
///
/// # Errors
/// [`TokenError`].
pub async fn verify(app: &App, issuer: &str, token: &str) -> Result<AccessClaims, TokenError> {
    ring_provider::install();
    if token.len() > MOST_BYTES {
        return Err(TokenError::Invalid("too long"));
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid("header"))?;
    if !header.typ.as_deref().is_some_and(|typ| typ.eq_ignore_ascii_case(TYPE)) {
        return Err(TokenError::Invalid("typ"));
    }
    if header.alg != Algorithm::EdDSA || header.crit.is_some() {
        return Err(TokenError::Invalid("alg"));
    }
    let kid = header.kid.ok_or(TokenError::Invalid("kid"))?;
    let key = PublicKey::find(app, &kid).await?.ok_or(TokenError::Invalid("kid"))?;
    let key = DecodingKey::from_ed_components(&key.x).map_err(|_| TokenError::Invalid("key"))?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[issuer]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // The library reads the machine's clock; ours may be simulated.
    validation.validate_exp = false;
    let claims = jsonwebtoken::decode::<AccessClaims>(token, &key, &validation);
    let claims = claims.map_err(|_| TokenError::Invalid("signature or claims"))?.claims;
    in_time(app.now(), claims.iat, claims.exp)?;
    Ok(claims)
}

/// Whether a token issued at `iat` that ends at `exp` is good at `now`.
fn in_time(now: Timestamp, iat: i64, exp: i64) -> Result<(), TokenError> {
    let now = now.as_second();
    if exp <= now.saturating_sub(LEEWAY) {
        return Err(TokenError::Invalid("expired"));
    }
    if iat > now.saturating_add(LEEWAY) {
        return Err(TokenError::Invalid("issued in the future"));
    }
    // What we sign never lives longer.
    if exp.saturating_sub(iat) > LIFETIME.as_secs() {
        return Err(TokenError::Invalid("lives too long"));
    }
    Ok(())
}
