//! The keys that sign our own tokens, and how they follow each other.
//!
//! The private ones are in Secrets Manager, where only the functions that issue tokens read them. Their public halves
//! are published in the state table, one item a key, where the authorizer finds them by the token's `kid`, and at
//! `/.well-known/jwks.json`. A new key is published a day before it signs, and an old one stays until the last token it
//! signed has expired: in between, two are live.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use ring::{
    digest::{SHA256, digest},
    signature::{Ed25519KeyPair, KeyPair as _},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::LIFETIME;
use crate::{
    runtime::{App, StartError},
    store::{self, StoreError, Write, WriteError, keys},
};

/// The secret's ARN is in this variable.
const SETTING: &str = "SIGNING_KEYS_ARN";

/// How long an environment uses what it read of the secret. A new key waits much longer before it signs.
const REREAD: SignedDuration = SignedDuration::from_mins(5);

/// How long a key signs before the next one takes over.
const SIGNS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long a key is published before it signs: longer than any cache of public keys.
const ANNOUNCED: SignedDuration = SignedDuration::from_hours(24);

/// A public key as it is published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// The thumbprint of the key (RFC 7638), which names it.
    pub kid: String,
    /// The key: 32 bytes, base64url.
    pub x: String,
}

#[derive(Clone, Serialize, Deserialize)]
struct SigningKey {
    /// What the key grows from: 32 bytes, base64url.
    seed: String,
    signs_from: Timestamp,
}

/// The signing keys, the newest last.
#[derive(Clone, Serialize, Deserialize)]
pub struct SigningKeys {
    keys: Vec<SigningKey>,
}

impl SigningKeys {
    /// Reads the keys, at most every five minutes.
    ///
    /// # Errors
    /// [`StartError`] where the secret can't be had or read.
    pub async fn load(app: &App) -> Result<Self, StartError> {
        Self::parse(&app.secret(SETTING, REREAD).await?)
    }

    /// Reads what the secret holds. CloudFormation puts random characters there, from which the first key grows; the
    /// first rotation replaces them.
    pub(super) fn parse(text: &str) -> Result<Self, StartError> {
        if text.starts_with('{') {
            let invalid = |error: serde_json::Error| StartError::Invalid {
                name: SETTING.to_owned(),
                reason: format!("it is not a set of keys, in line {}", error.line()),
            };
            return serde_json::from_str(text).map_err(invalid);
        }
        let seed = digest(&SHA256, format!("souk signing key {text}").as_bytes());
        let seed = BASE64_URL_SAFE_NO_PAD.encode(seed.as_ref());
        Ok(Self { keys: vec![SigningKey { seed, signs_from: Timestamp::UNIX_EPOCH }] })
    }

    /// The key that signs at `now`: its seed and its public half.
    ///
    /// # Errors
    /// [`StartError`] where there is none.
    pub(super) fn current(&self, now: Timestamp) -> Result<(Vec<u8>, PublicKey), StartError> {
        let invalid =
            || StartError::Invalid { name: SETTING.to_owned(), reason: "no key in it can sign".to_owned() };
        let key = self.keys.iter().rev().find(|key| key.signs_from <= now).ok_or_else(invalid)?;
        let seed = BASE64_URL_SAFE_NO_PAD.decode(&key.seed).map_err(|_| invalid())?;
        let public = key.public().ok_or_else(invalid)?;
        Ok((seed, public))
    }

    /// The public halves, as a JSON Web Key Set (RFC 7517).
    pub fn jwks(&self) -> Value {
        let keys: Vec<_> = self.keys.iter().filter_map(SigningKey::public).map(|key| key.jwk()).collect();
        json!({ "keys": keys })
    }

    /// The keys as they are to be from `now` on, where anything changes: a new one where the newest has signed for long
    /// enough, and none whose last token has expired.
    pub fn rotated(&self, app: &App) -> Option<Self> {
        let now = app.now();
        let mut keys = self.keys.clone();
        let newest = keys.last().map_or(Timestamp::UNIX_EPOCH, |key| key.signs_from);
        if now >= newest + SIGNS - ANNOUNCED {
            let seed = BASE64_URL_SAFE_NO_PAD.encode(app.entropy().bytes::<32>());
            keys.push(SigningKey { seed, signs_from: now + ANNOUNCED });
        }
        // A key's last token is signed when the next one takes over.
        let ended = keys.windows(2).filter(|pair| pair[1].signs_from + LIFETIME + REREAD < now).count();
        keys.drain(..ended);
        (keys.len() != self.keys.len() || ended > 0).then_some(Self { keys })
    }

    /// As it is kept in the secret.
    ///
    /// # Errors
    /// None that can happen.
    pub fn to_secret(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// Publishes every key that the authorizer does not know yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn publish(&self, app: &App) -> Result<(), StoreError> {
        for public in self.keys.iter().filter_map(SigningKey::public) {
            public.publish(app).await?;
        }
        Ok(())
    }

    /// The public keys.
    pub fn public(&self) -> Vec<PublicKey> {
        self.keys.iter().filter_map(SigningKey::public).collect()
    }
}

impl SigningKey {
    fn public(&self) -> Option<PublicKey> {
        let seed = BASE64_URL_SAFE_NO_PAD.decode(&self.seed).ok()?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).ok()?;
        let x = BASE64_URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let thumbprint = digest(&SHA256, format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#).as_bytes());
        Some(PublicKey { kid: BASE64_URL_SAFE_NO_PAD.encode(thumbprint.as_ref()), x })
    }
}

impl PublicKey {
    fn jwk(&self) -> Value {
        json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.kid, "x": self.x })
    }

    /// Writes the key where the authorizer looks, once per environment.
    pub(super) async fn publish(&self, app: &App) -> Result<(), StoreError> {
        let name = format!("published {}", self.kid);
        if app.memo().get::<()>(&name, app.now(), SignedDuration::from_hours(1)).is_some() {
            return Ok(());
        }
        let write = Write::create("jwk", keys::public_key(&self.kid), self)?;
        match store::commit(app, vec![write]).await {
            Ok(()) | Err(WriteError::Refused(_)) => {}
            Err(WriteError::Store(error)) => return Err(error),
        }
        app.memo().put(&name, app.now(), ());
        Ok(())
    }

    /// The published key with this name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn find(app: &App, kid: &str) -> Result<Option<PublicKey>, StoreError> {
        // Every thumbprint has 43 characters of base64url; anything else is no key's name.
        let possible =
            kid.len() == 43 && kid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !possible {
            return Ok(None);
        }
        let name = format!("jwk {kid}");
        if let Some(key) = app.memo().get::<PublicKey>(&name, app.now(), REREAD) {
            return Ok(Some((*key).clone()));
        }
        let found: Option<PublicKey> = store::get(app, "jwk", &keys::public_key(kid)).await?;
        if let Some(key) = &found {
            app.memo().put(&name, app.now(), key.clone());
        }
        Ok(found)
    }
}
