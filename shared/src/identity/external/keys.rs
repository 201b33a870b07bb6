//! Public keys of other issuers: JSON Web Keys (RFC 7517), as far as they can verify signatures.

use std::collections::BTreeSet;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, crypto};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::provider::SignatureAlgorithm;

/// How many keys of a set are looked at. Nobody rotates among more.
const MOST_KEYS: usize = 50;

/// The longest name of a key.
pub(super) const MOST_KID: usize = 200;

/// A public key, for one algorithm only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct IssuerKey {
    /// Its name.
    pub kid: String,
    /// What it verifies.
    pub algorithm: SignatureAlgorithm,
    /// The key: modulus and exponent, x and y, or x alone, base64url.
    parts: Vec<String>,
}

/// The keys in a set that can verify signatures. What can't is left out: an issuer may well have keys for other uses.
pub(super) fn of_set(set: &Value) -> Vec<IssuerKey> {
    let mut names = BTreeSet::new();
    let entries = set.get("keys").and_then(Value::as_array).into_iter().flatten().take(MOST_KEYS);
    // Of two keys with one name the first counts, so that a name leads to one algorithm.
    entries.filter_map(IssuerKey::of_jwk).filter(|key| names.insert(key.kid.clone())).collect()
}

impl IssuerKey {
    fn of_jwk(jwk: &Value) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        if text("use").is_some_and(|used| used != "sig") {
            return None;
        }
        if let Some(operations) = jwk.get("key_ops")
            && !operations.as_array()?.iter().any(|operation| operation == "verify")
        {
            return None;
        }
        let kid = text("kid").filter(|kid| !kid.is_empty() && kid.len() <= MOST_KID)?.to_owned();
        let declared = jwk.get("alg").map(|alg| alg.as_str().and_then(SignatureAlgorithm::of_name));
        let part = |name: &str| {
            let text = text(name)?;
            BASE64_URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| !bytes.is_empty())?;
            Some(text.to_owned())
        };
        use SignatureAlgorithm::{ES256, ES384, EdDsa, PS256, PS384, PS512, RS256, RS384, RS512};
        let (algorithms, parts): (&[SignatureAlgorithm], _) = match (text("kty")?, text("crv")) {
            ("RSA", None) => (&[RS256, RS384, RS512, PS256, PS384, PS512], vec![part("n")?, part("e")?]),
            ("EC", Some("P-256")) => (&[ES256], vec![part("x")?, part("y")?]),
            ("EC", Some("P-384")) => (&[ES384], vec![part("x")?, part("y")?]),
            ("OKP", Some("Ed25519")) => (&[EdDsa], vec![part("x")?]),
            _ => return None,
        };
        // Without `alg`, the usual one of the key's type.
        let algorithm = declared.unwrap_or(Some(algorithms[0])).filter(|alg| algorithms.contains(alg))?;
        Some(Self { kid, algorithm, parts })
    }

    /// Whether `signature`, base64url, is the key's own under `message`.
    pub fn verifies(&self, message: &str, signature: &str) -> bool {
        crate::token::install_crypto();
        let key = match self.parts.as_slice() {
            [x] => DecodingKey::from_ed_components(x),
            [x, y] if matches!(self.algorithm, SignatureAlgorithm::ES256 | SignatureAlgorithm::ES384) => {
                DecodingKey::from_ec_components(x, y)
            }
            [n, e] => DecodingKey::from_rsa_components(n, e),
            _ => return false,
        };
        let Ok(key) = key else { return false };
        crypto::verify(signature, message.as_bytes(), &key, self.algorithm.library()).unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_has_one_algorithm_and_odd_ones_are_left_out() {
        let of = |jwk: Value| of_set(&json!({ "keys": [jwk] })).first().map(|key| key.algorithm);
        let rsa = |more: Value| {
            let mut jwk = json!({"kty": "RSA", "kid": "a", "n": "AQAB", "e": "AQAB"});
            jwk.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            of(jwk)
        };
        assert_eq!(rsa(json!({})), Some(SignatureAlgorithm::RS256));
        assert_eq!(rsa(json!({"alg": "PS512", "use": "sig"})), Some(SignatureAlgorithm::PS512));
        assert_eq!(rsa(json!({"key_ops": ["verify"]})), Some(SignatureAlgorithm::RS256));
        for odd in [
            json!({"use": "enc"}),
            json!({"alg": "RSA-OAEP"}),
            json!({"alg": "HS256"}),
            json!({"alg": "none"}),
            json!({"alg": "ES256"}),
            json!({"alg": 5}),
            json!({"key_ops": ["encrypt"]}),
            json!({"kid": ""}),
            json!({"kid": 1}),
            json!({"kid": "k".repeat(201)}),
            json!({"n": ""}),
            json!({"n": "not base64!"}),
            json!({"crv": "P-256"}),
            json!({"kty": "oct", "k": "AQAB"}),
        ] {
            assert_eq!(rsa(odd.clone()), None, "{odd}");
        }
        let ec = |crv: &str| of(json!({"kty": "EC", "crv": crv, "kid": "a", "x": "AQAB", "y": "AQAB"}));
        assert_eq!(ec("P-256"), Some(SignatureAlgorithm::ES256));
        assert_eq!(ec("P-384"), Some(SignatureAlgorithm::ES384));
        assert_eq!(ec("secp256k1"), None);
        assert_eq!(of(json!({"kty": "OKP", "crv": "X25519", "kid": "a", "x": "AQAB"})), None);
        let twice = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "AQAB"}, {"kty": "RSA", "kid": "a", "n": "AQAB", "e": "AQAB"}]});
        assert_eq!(of_set(&twice).len(), 1);
    }
}
