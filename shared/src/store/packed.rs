//! What is written often and looked at seldom, made small: DynamoDB bills writes by the kilobyte.

use std::{
    fmt,
    io::{Read as _, Write as _},
};

use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Visitor},
};

/// The form that this code writes: the byte in front says so. No JSON begins with it.
const DEFLATED: u8 = 1;

/// What something unpacks to at the most: more than any item holds.
const MOST: u64 = 8 * 1024 * 1024;

/// `plain`, made small (RFC 1951).
pub fn pack(plain: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(vec![DEFLATED], Compression::best());
    // A vector takes whatever is written to it.
    let packed = encoder.write_all(plain).and_then(|()| encoder.finish());
    packed.unwrap_or_else(|_| plain.to_vec())
}

/// What [`pack`] was given; what was never packed as it is. Nothing where it was changed.
pub fn unpack(bytes: &[u8]) -> Option<Vec<u8>> {
    match bytes.split_first() {
        Some((&DEFLATED, packed)) => {
            let mut plain = Vec::new();
            DeflateDecoder::new(packed).take(MOST).read_to_end(&mut plain).ok().map(|_| plain)
        }
        _ => Some(bytes.to_vec()),
    }
}

/// Bytes in an item, as bytes. Reads also what was kept as base64.
#[derive(Clone, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AsBytes)
    }
}

struct AsBytes;

impl Visitor<'_> for AsBytes {
    type Value = Bytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
        Ok(Bytes(bytes.to_vec()))
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
        Ok(Bytes(bytes))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Bytes, E> {
        BASE64_STANDARD_NO_PAD.decode(text).map(Bytes).map_err(|_| E::custom("must be base64"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(plain in prop::collection::vec(any::<u8>(), 0..2_000)) {
            prop_assert_eq!(unpack(&pack(&plain)), Some(plain));
        }

        #[test]
        fn whatever_is_unpacked_ends(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = unpack(&bytes);
        }
    }

    #[test]
    fn what_was_kept_before_is_read_as_it_is() {
        assert_eq!(unpack(b"{}"), Some(b"{}".to_vec()));
        let kept: Bytes = serde_json::from_str("\"e30\"").unwrap();
        assert_eq!(kept.0, b"{}");
    }
}
