//! A value that only its subject's key opens.

use std::{fmt, marker::PhantomData};

use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned, de::Error as _};

use super::{Cipher, EmailHash, Subject};
use crate::{runtime::Entropy, tenant::Tenant};

/// The form that this code writes.
const VERSION: u8 = 1;

/// Bytes of a key's generation.
const GENERATION: usize = 8;

/// Names one of the keys that a subject has had. Drawn at random, so that none comes again.
pub(super) type Generation = u64;

/// A `T`, encrypted. Stored as base64 of a version byte, the key's generation, nonce, ciphertext and tag.
pub struct Sealed<T> {
    bytes: Vec<u8>,
    holds: PhantomData<fn() -> T>,
}

/// A sealed value, and what is needed to open and to find it.
#[derive(Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct Kept<T> {
    /// Whose key opens it.
    pub subject: Subject,
    /// Finds it by the email address that it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailHash>,
    /// The value.
    pub sealed: Sealed<T>,
}

/// Why a sealed value does not open with a key that should open it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tampered;

/// What a value is bound to: it opens for this tenant, this subject and this field only.
fn context(tenant: Tenant, subject: Subject, field: &str, head: &[u8]) -> Vec<u8> {
    let mut context = head.to_vec();
    for part in [tenant.to_string(), subject.to_string(), field.to_owned()] {
        context.extend_from_slice(&(part.len() as u64).to_be_bytes());
        context.extend_from_slice(part.as_bytes());
    }
    context
}

impl<T> Sealed<T> {
    /// The generation of the key that opens it. Nothing where these bytes are no sealed value.
    pub(super) fn generation(&self) -> Option<Generation> {
        let (version, rest) = self.bytes.split_first()?;
        let generation = rest.get(..GENERATION)?.try_into().ok()?;
        (*version == VERSION).then(|| Generation::from_be_bytes(generation))
    }
}

impl<T: Serialize> Sealed<T> {
    pub(super) fn seal(
        (cipher, generation): (&Cipher, Generation),
        entropy: &Entropy,
        (tenant, subject, field): (Tenant, Subject, &str),
        value: &T,
    ) -> Result<Self, String> {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&generation.to_be_bytes());
        let plain = serde_json::to_vec(value).map_err(|error| format!("{:?}", error.classify()))?;
        let context = context(tenant, subject, field, &bytes);
        let sealed = cipher.seal(entropy, &context, &plain).map_err(|_| "too long".to_owned())?;
        bytes.extend_from_slice(&sealed);
        Ok(Self { bytes, holds: PhantomData })
    }
}

impl<T: DeserializeOwned> Sealed<T> {
    pub(super) fn open(
        &self,
        cipher: &Cipher,
        (tenant, subject, field): (Tenant, Subject, &str),
    ) -> Result<T, Tampered> {
        let (head, sealed) = self.bytes.split_at_checked(1 + GENERATION).ok_or(Tampered)?;
        let context = context(tenant, subject, field, head);
        let plain = cipher.open(&context, sealed).map_err(|_| Tampered)?;
        // The tag says that this code wrote it.
        serde_json::from_slice(&plain).map_err(|_| Tampered)
    }
}

impl<T> Clone for Sealed<T> {
    fn clone(&self) -> Self {
        Self { bytes: self.bytes.clone(), holds: PhantomData }
    }
}

impl<T> PartialEq for Sealed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl<T> Eq for Sealed<T> {}

impl<T> fmt::Debug for Sealed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

impl<T> Serialize for Sealed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_STANDARD_NO_PAD.encode(&self.bytes))
    }
}

impl<'de, T> Deserialize<'de> for Sealed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64_STANDARD_NO_PAD.decode(text).map_err(|_| D::Error::custom("must be base64"))?;
        Ok(Self { bytes, holds: PhantomData })
    }
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self { subject: self.subject, email: self.email, sealed: self.sealed.clone() }
    }
}

impl<T> PartialEq for Kept<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.subject, self.email, &self.sealed) == (other.subject, other.email, &other.sealed)
    }
}

impl<T> Eq for Kept<T> {}

impl<T> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kept({:?})", self.subject)
    }
}

#[cfg(test)]
#[path = "sealed_tests.rs"]
mod tests;
