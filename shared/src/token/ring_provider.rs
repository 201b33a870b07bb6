//! The signatures of `jsonwebtoken`, made and checked by `ring`, the one crypto provider of every binary.

use std::sync::Once;

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result},
};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, Ed25519KeyPair, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};
use signature::{Error, Signer, Verifier};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| Ok(Box::new(EdDsa::new(*algorithm, key)?)),
    verifier_factory: |algorithm, key| Ok(Box::new(Check::new(*algorithm, key)?)),
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes `jsonwebtoken` use `ring`. Must come before its first use; more often is harmless.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Another provider can't be there: the crate's own ones are not compiled in.
        let _ = PROVIDER.install_default();
    });
}

/// Souk signs with Ed25519 only. The key is the 32 bytes that it grows from.
struct EdDsa(Ed25519KeyPair);

impl EdDsa {
    fn new(algorithm: Algorithm, key: &EncodingKey) -> Result<Self> {
        if algorithm != Algorithm::EdDSA || key.family() != AlgorithmFamily::Ed {
            return Err(ErrorKind::InvalidAlgorithm.into());
        }
        let pair = Ed25519KeyPair::from_seed_unchecked(key.as_bytes());
        Ok(Self(pair.map_err(|_| ErrorKind::InvalidEddsaKey)?))
    }
}

impl Signer<Vec<u8>> for EdDsa {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(self.0.sign(message).as_ref().to_vec())
    }
}

impl JwtSigner for EdDsa {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

/// A public key, with the one algorithm that it is for.
struct Check {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl Check {
    fn new(algorithm: Algorithm, key: &DecodingKey) -> Result<Self> {
        // Secrets are no public keys: without this, a public key could pass for the secret of an HMAC.
        let fits = algorithm.family() == key.family() && key.family() != AlgorithmFamily::Hmac;
        if fits { Ok(Self { algorithm, key: key.clone() }) } else { Err(ErrorKind::InvalidAlgorithm.into()) }
    }
}

impl Verifier<Vec<u8>> for Check {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        let bytes = |with: &'static dyn VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(with, key).verify(message, signature).map_err(|_| Error::new())
        };
        match (self.key.kind(), self.algorithm) {
            (DecodingKeyKind::SecretOrDer(key), Algorithm::EdDSA) => bytes(&ED25519, key),
            (DecodingKeyKind::SecretOrDer(key), Algorithm::ES256) => bytes(&ECDSA_P256_SHA256_FIXED, key),
            (DecodingKeyKind::SecretOrDer(key), Algorithm::ES384) => bytes(&ECDSA_P384_SHA384_FIXED, key),
            (DecodingKeyKind::RsaModulusExponent { n, e }, algorithm) => {
                let parameters = rsa(algorithm).ok_or_else(Error::new)?;
                RsaPublicKeyComponents { n, e }
                    .verify(parameters, message, signature)
                    .map_err(|_| Error::new())
            }
            _ => Err(Error::new()),
        }
    }
}

fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Algorithm::RS256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::RS384 => &RSA_PKCS1_2048_8192_SHA384,
        Algorithm::RS512 => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::PS256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::PS384 => &RSA_PSS_2048_8192_SHA384,
        Algorithm::PS512 => &RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

impl JwtVerifier for Check {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
