//! One key, and what it encrypts.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest::{SHA256, digest},
    hmac,
};
use serde::{Deserialize, Serialize};

use crate::Place;

/// The form of ciphertexts that this version writes.
const VERSION: u8 = 1;

/// Bytes of a key's id, as a ciphertext names it.
const ID: usize = 36;

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) description: String,
    pub(super) created: Timestamp,
    pub(super) enabled: bool,
    /// Base64.
    material: String,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

impl Key {
    pub(super) fn new(place: &Place, id: &str, description: &str, material: &[u8; 32]) -> Self {
        Self {
            id: id.to_owned(),
            description: description.to_owned(),
            created: place.now(),
            enabled: true,
            material: BASE64_STANDARD.encode(material),
        }
    }

    fn material(&self) -> Option<Vec<u8>> {
        BASE64_STANDARD.decode(&self.material).ok()
    }

    fn cipher(&self) -> Option<LessSafeKey> {
        Some(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &self.material()?).ok()?))
    }

    /// `length` bytes that nobody can guess. They follow from the key, the moment and `count`: never the same twice,
    /// and under a simulated clock the same from run to run.
    pub(super) fn draw(&self, place: &Place, count: u64, length: usize) -> Vec<u8> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.material.as_bytes());
        let moment = place.now().as_nanosecond();
        let mut bytes = Vec::with_capacity(length);
        for block in 0_u64.. {
            if bytes.len() >= length {
                break;
            }
            let seed = [&moment.to_be_bytes()[..], &count.to_be_bytes(), &block.to_be_bytes()].concat();
            bytes.extend_from_slice(hmac::sign(&key, &seed).as_ref());
        }
        bytes.truncate(length);
        bytes
    }

    /// Version, key id, nonce, ciphertext and tag.
    pub(super) fn encrypt(&self, nonce: &[u8], context: &[u8], plaintext: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = plaintext.to_vec();
        let nonce: [u8; NONCE_LEN] = nonce.try_into().ok()?;
        let bound = Aad::from(context);
        self.cipher()?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound, &mut bytes)
            .ok()?;
        Some([&[VERSION][..], self.id.as_bytes(), &nonce, &bytes].concat())
    }

    pub(super) fn decrypt(&self, blob: &Blob<'_>, context: &[u8]) -> Option<Vec<u8>> {
        let nonce = Nonce::try_assume_unique_for_key(blob.nonce).ok()?;
        let mut bytes = blob.sealed.to_vec();
        let plain = self.cipher()?.open_in_place(nonce, Aad::from(context), &mut bytes).ok()?;
        Some(plain.to_vec())
    }
}

/// A ciphertext, taken apart.
pub(super) struct Blob<'a> {
    pub(super) key: &'a str,
    nonce: &'a [u8],
    sealed: &'a [u8],
}

impl<'a> Blob<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        let (key, rest) = rest.split_at_checked(ID)?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_LEN)?;
        (*version == VERSION).then_some(Self { key: std::str::from_utf8(key).ok()?, nonce, sealed })
    }
}

/// The id that AWS would draw at random for the key `name`. Here it follows from the name, so that a key has the same
/// id on every machine.
pub fn id_of(name: &str) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest(&SHA256, name.as_bytes()).as_ref()[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// The id in a key's id or ARN.
pub(super) fn id_in(key: &str) -> &str {
    match key.split_once(":key/") {
        Some((arn, id)) if arn.starts_with("arn:") => id,
        _ => key,
    }
}

pub(super) fn arn(place: &Place, id: &str) -> String {
    place.arn("kms", &format!("key/{id}"))
}
