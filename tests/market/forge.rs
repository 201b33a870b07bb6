//! Tokens, good and bad, keys to sign them with, and a world that has issuers.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    digest, hmac,
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
        RSA_PKCS1_SHA384, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair, RsaPublicKeyComponents,
    },
};
use serde_json::{Value, json};
use souk::runtime::web::Outside;
use souk_tests::FakeStripe;

/// Keys that were made for these tests, and are good for nothing else.
const RSA: [&str; 2] =
    [include_str!("../fixtures/test-only-rsa-1.pem"), include_str!("../fixtures/test-only-rsa-2.pem")];

pub fn b64(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// A key that signs.
pub enum Key {
    Ed(Box<Ed25519KeyPair>),
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>),
}

impl Key {
    pub fn ed(seed: u8) -> Self {
        Self::Ed(Box::new(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()))
    }

    pub fn rsa(number: usize) -> Self {
        let text: String = RSA[number].lines().filter(|line| !line.starts_with("-----")).collect();
        Self::Rsa(Box::new(RsaKeyPair::from_pkcs8(&BASE64_STANDARD.decode(text).unwrap()).unwrap()))
    }

    pub fn ec() -> Self {
        let (kind, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        Self::Ec(Box::new(EcdsaKeyPair::from_pkcs8(kind, pkcs8.as_ref(), &random).unwrap()))
    }

    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::Ed(_) => "EdDSA",
            Self::Rsa(_) => "RS256",
            Self::Ec(_) => "ES256",
        }
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed(key) => key.sign(message).as_ref().to_vec(),
            Self::Rsa(_) => self.sign_rsa(&RSA_PKCS1_SHA256, message),
            Self::Ec(key) => key.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
        }
    }

    fn sign_rsa(&self, encoding: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
        let Self::Rsa(key) = self else { panic!("no RSA key") };
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(encoding, &SystemRandom::new(), message, &mut signature).unwrap();
        signature
    }

    /// The public key as a JSON Web Key.
    pub fn jwk(&self, kid: &str) -> Value {
        match self {
            Self::Ed(key) => {
                json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "use": "sig", "x": b64(key.public_key())})
            }
            Self::Rsa(key) => {
                let parts = RsaPublicKeyComponents::<Vec<u8>>::from(key.public());
                let (n, e) = (b64(parts.n), b64(parts.e));
                json!({"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": n, "e": e})
            }
            Self::Ec(key) => {
                let point = key.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": b64(&point[1..33]), "y": b64(&point[33..])})
            }
        }
    }

    /// The public key as bytes.
    pub fn public(&self) -> Vec<u8> {
        match self {
            Self::Ed(key) => key.public_key().as_ref().to_vec(),
            Self::Rsa(key) => key.public().as_ref().to_vec(),
            Self::Ec(key) => key.public_key().as_ref().to_vec(),
        }
    }
}

/// The thumbprint that names one of our own keys (RFC 7638).
pub fn thumbprint(key: &Key) -> String {
    let text = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, b64(key.public()));
    b64(digest::digest(&digest::SHA256, text.as_bytes()))
}

/// A token of these texts, signed as they are.
pub fn of_texts(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>, key: &Key) -> String {
    let message = format!("{}.{}", b64(header), b64(payload));
    format!("{message}.{}", b64(key.sign(message.as_bytes())))
}

pub fn token(header: &Value, claims: &Value, key: &Key) -> String {
    of_texts(header.to_string(), claims.to_string(), key)
}

/// A token signed with a secret.
pub fn with_secret(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let kind = match header["alg"].as_str() {
        Some("HS384") => hmac::HMAC_SHA384,
        Some("HS512") => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    let message = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
    let tag = hmac::sign(&hmac::Key::new(kind, secret), message.as_bytes());
    format!("{message}.{}", b64(tag))
}

/// A token of an RSA key whose signature is made in another way than the key is for.
pub fn otherwise_signed(header: &Value, claims: &Value, key: &Key) -> String {
    let message = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
    let encoding: &'static dyn RsaEncoding =
        if header["alg"] == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA384 };
    format!("{message}.{}", b64(key.sign_rsa(encoding, message.as_bytes())))
}

/// `object` with `name` set to `value`.
pub fn with(object: &Value, name: &str, value: Value) -> Value {
    let mut changed = object.clone();
    changed[name] = value;
    changed
}

/// `object` without `name`.
pub fn without(object: &Value, name: &str) -> Value {
    let mut changed = object.clone();
    changed.as_object_mut().unwrap().remove(name);
    changed
}

/// The world outside, as far as it has issuers.
#[derive(Clone, Default)]
pub struct World(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    documents: BTreeMap<String, (u16, String)>,
    asked: Vec<String>,
}

impl World {
    /// As a market sees it.
    pub fn outside(&self) -> Outside {
        let world = self.clone();
        Outside::from_fn(move |request| world.answer(&request))
    }

    /// As [`World::outside`], with a Stripe in it.
    pub fn outside_with(&self, stripe: &FakeStripe) -> Outside {
        let (world, stripe) = (self.clone(), stripe.clone());
        Outside::from_fn(move |request| match request.uri().host() {
            Some("api.stripe.com") => stripe.answer(&request),
            _ => world.answer(&request),
        })
    }

    fn answer(&self, request: &http::Request<Vec<u8>>) -> http::Response<Vec<u8>> {
        let mut inner = self.0.lock().unwrap();
        let url = request.uri().to_string();
        let (status, text) = inner.documents.get(&url).cloned().unwrap_or((404, String::new()));
        inner.asked.push(url);
        http::Response::builder().status(status).body(text.into_bytes()).unwrap()
    }

    /// Puts an issuer with these keys into it.
    pub fn issuer(&self, issuer: &str, keys: &[Value]) {
        let base = issuer.trim_end_matches('/');
        let document = json!({"issuer": issuer, "jwks_uri": format!("{base}/keys")});
        self.put(&format!("{base}/.well-known/openid-configuration"), 200, &document.to_string());
        self.put(&format!("{base}/keys"), 200, &json!({ "keys": keys }).to_string());
    }

    /// Answers `url` with this.
    pub fn put(&self, url: &str, status: u16, text: &str) {
        self.0.lock().unwrap().documents.insert(url.to_owned(), (status, text.to_owned()));
    }

    /// Takes everything out of it.
    pub fn clear(&self) {
        self.0.lock().unwrap().documents.clear();
    }

    /// The URLs that were asked for since the last time.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }
}
