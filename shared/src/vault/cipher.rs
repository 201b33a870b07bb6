//! AES-256-GCM, with the nonce in front of what it belongs to.

use std::fmt;

use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    error::Unspecified,
};

use crate::runtime::Entropy;

/// A key that encrypts, and tells of itself nothing.
pub(crate) struct Cipher(LessSafeKey);

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cipher(…)")
    }
}

impl Cipher {
    /// The cipher of a key of 32 bytes.
    pub(crate) fn new(key: &[u8]) -> Result<Self, Unspecified> {
        Ok(Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key)?)))
    }

    /// Encrypts `plain`, bound to `context`: nonce, ciphertext, tag. The nonce is random, so one key is good for
    /// 2³² messages; a person never comes near.
    pub(crate) fn seal(
        &self,
        entropy: &Entropy,
        context: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, Unspecified> {
        let nonce: [u8; NONCE_LEN] = entropy.bytes();
        let mut bytes = plain.to_vec();
        let (unique, bound) = (Nonce::assume_unique_for_key(nonce), Aad::from(context));
        self.0.seal_in_place_append_tag(unique, bound, &mut bytes)?;
        Ok([&nonce[..], &bytes].concat())
    }

    /// What was sealed in the same context. Anything else, and anything changed, is an error.
    pub(crate) fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let (nonce, bytes) = sealed.split_at_checked(NONCE_LEN).ok_or(Unspecified)?;
        let mut bytes = bytes.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce)?;
        let length = self.0.open_in_place(nonce, Aad::from(context), &mut bytes)?.len();
        bytes.truncate(length);
        Ok(bytes)
    }
}
