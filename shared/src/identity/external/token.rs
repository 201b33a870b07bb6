//! A token of another issuer, taken apart. Nothing in it is believed before its signature is verified.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::keys::MOST_KID;

/// How far an issuer's clock may be from ours, in seconds.
const LEEWAY: i64 = 60;

/// The longest that a token may still be good for, in seconds. What claims more is more likely a mistake, such as
/// milliseconds, than a wish; the issuers in use go to a day.
const LONGEST: i64 = 24 * 3600;

/// Audiences that a token may name.
const MOST_AUDIENCES: usize = 10;

/// Parts of a header that change what the rest means. None of them is understood here, so none is overlooked.
const NOT_UNDERSTOOD: [&str; 4] = ["crit", "b64", "zip", "enc"];

/// What is read of the header. A key that comes along (`jwk`, `jku`, `x5c`, `x5u`) is not.
#[derive(Deserialize)]
pub(super) struct Header {
    pub alg: String,
    pub kid: String,
    typ: Option<String>,
}

/// The claims that decide. Each has one type only.
#[derive(Deserialize)]
pub(super) struct Claims {
    pub iss: String,
    pub sub: String,
    exp: i64,
    nbf: Option<i64>,
    iat: Option<i64>,
    aud: Option<Audiences>,
    pub client_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audiences {
    One(String),
    Many(Vec<String>),
}

/// A token in its parts.
pub(super) struct Token<'a> {
    pub header: Header,
    pub claims: Claims,
    /// All claims.
    pub all: Value,
    /// What is signed.
    pub message: &'a str,
    pub signature: &'a str,
}

fn part<T: DeserializeOwned>(text: &str) -> Option<(T, Map<String, Value>)> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    // The typed one refuses fields that come twice; the map has the rest.
    Some((serde_json::from_slice(&bytes).ok()?, serde_json::from_slice(&bytes).ok()?))
}

impl<'a> Token<'a> {
    /// Takes `token` apart.
    pub fn parse(token: &'a str) -> Result<Self, &'static str> {
        let (message, signature) = token.rsplit_once('.').ok_or("shape")?;
        let (header, payload) = message.split_once('.').ok_or("shape")?;
        let (header, all_of_header): (Header, _) = part(header).ok_or("header")?;
        if NOT_UNDERSTOOD.iter().any(|name| all_of_header.contains_key(*name)) {
            return Err("crit");
        }
        if !header.typ.as_deref().is_none_or(is_plain) {
            return Err("typ");
        }
        if header.kid.is_empty() || header.kid.len() > MOST_KID {
            return Err("kid");
        }
        let (claims, all): (Claims, _) = part(payload).ok_or("claims")?;
        if claims.sub.is_empty() || claims.sub.len() > 255 || claims.sub.contains(char::is_control) {
            return Err("sub");
        }
        if claims.audiences().len() > MOST_AUDIENCES {
            return Err("aud");
        }
        Ok(Self { header, claims, all: Value::Object(all), message, signature })
    }

    /// The claim at `path`: a name, taken literally, or a JSON pointer.
    pub fn claim(&self, path: &str) -> Option<&Value> {
        if path.starts_with('/') { self.all.pointer(path) } else { self.all.get(path) }
    }

    /// Whether the claim at `path` is `value`, or a list that holds it.
    pub fn has(&self, path: &str, value: &str) -> bool {
        match self.claim(path) {
            Some(Value::Array(values)) => values.iter().any(|one| one == value),
            Some(one) => one == value,
            None => false,
        }
    }
}

/// Whether a token of this type (RFC 8725, section 3.11) can be one to come in with. One for another purpose, such as to
/// tell of a log-out, is not.
fn is_plain(typ: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "at+jwt")
}

impl Claims {
    /// Whom the token is for, as `aud` says.
    pub fn audiences(&self) -> &[String] {
        match &self.aud {
            None => &[],
            Some(Audiences::One(one)) => std::slice::from_ref(one),
            Some(Audiences::Many(many)) => many,
        }
    }

    /// Whether the token is good at `now`.
    pub fn in_time(&self, now: Timestamp) -> Result<(), &'static str> {
        let now = now.as_second();
        if self.exp <= now.saturating_sub(LEEWAY) {
            return Err("expired");
        }
        if self.exp > now.saturating_add(LONGEST + LEEWAY) {
            return Err("lives too long");
        }
        if self.nbf.is_some_and(|nbf| nbf > now.saturating_add(LEEWAY)) {
            return Err("not yet valid");
        }
        if self.iat.is_some_and(|iat| iat > now.saturating_add(LEEWAY)) {
            return Err("issued in the future");
        }
        Ok(())
    }
}
