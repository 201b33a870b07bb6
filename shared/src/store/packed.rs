//! What is written often and looked at seldom, made small: DynamoDB bills writes by the kilobyte.

use std::{
    fmt,
    io::{Read, Write as _},
};

use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Visitor},
};

/// A form of before, that is still read: the byte in front says so. No JSON begins with it.
const DEFLATED: u8 = 1;

/// The form that this code writes: as if what stands in [`COMMON`] had come before.
const DEFLATED_AFTER_COMMON: u8 = 2;

/// What orders and answers have in common, what most have last. It must never change: whatever was packed needs it. A
/// better one is another form, and another file.
const COMMON: &[u8] = include_bytes!("packed-2.txt");

/// [`COMMON`] as a block that is stored as it is (RFC 1951, 3.2.4), not the last one: the head of each stream that was
/// made after it.
const HEAD: [u8; 5] = {
    let [low, high] = (COMMON.len() as u16).to_le_bytes();
    [0, low, high, !low, !high]
};
const _: () = assert!(COMMON.len() <= u16::MAX as usize, "a stored block holds no more");

/// What something unpacks to at the most: more than any item holds.
const MOST: u64 = 8 * 1024 * 1024;

/// `plain`, made small (RFC 1951).
pub fn pack(plain: &[u8]) -> Vec<u8> {
    // A vector takes whatever is written to it.
    deflate(plain).unwrap_or_else(|_| plain.to_vec())
}

fn deflate(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(COMMON)?;
    // Ends on a whole byte, so that what it came to can be left out, and what follows can still point back at it.
    encoder.flush()?;
    encoder.get_mut().clear();
    encoder.get_mut().push(DEFLATED_AFTER_COMMON);
    encoder.write_all(plain)?;
    encoder.finish()
}

/// What [`pack`] was given; what was never packed as it is. Nothing where it was changed.
pub fn unpack(bytes: &[u8]) -> Option<Vec<u8>> {
    let inflate = |stream: &mut dyn Read, most: u64| {
        let mut plain = Vec::new();
        DeflateDecoder::new(stream).take(most).read_to_end(&mut plain).ok().map(|_| plain)
    };
    match bytes.split_first() {
        Some((&DEFLATED, mut packed)) => inflate(&mut packed, MOST),
        Some((&DEFLATED_AFTER_COMMON, packed)) => {
            let most = MOST + COMMON.len() as u64;
            let plain = inflate(&mut HEAD.chain(COMMON).chain(packed), most)?;
            plain.strip_prefix(COMMON).map(<[u8]>::to_vec)
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
        fn whatever_is_unpacked_ends(
            form in 0_u8..4,
            bytes in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let _ = unpack(&[&[form][..], &bytes].concat());
        }
    }

    #[test]
    fn what_most_have_in_common_takes_next_to_nothing() {
        let json = br#""fulfillments":[],"refunds":[],"returns":[],"edits":[]"#;
        assert!(pack(json).len() < 20, "{:?}", pack(json));
        assert_eq!(unpack(&pack(json)).as_deref(), Some(&json[..]));
    }

    /// Whatever was packed needs what it was packed after.
    #[test]
    fn what_is_common_is_what_it_was() {
        let digest = ring::digest::digest(&ring::digest::SHA256, COMMON);
        let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, "29fa8ef9de1eb616971bcb698a22b15b9c8f60cbb55942a2f74cc59b95e13f3f");
    }

    #[test]
    fn what_was_packed_in_the_form_of_before_is_read() {
        let mut encoder = DeflateEncoder::new(vec![DEFLATED], Compression::best());
        encoder.write_all(b"{\"id\":\"evt_1\"}").unwrap();
        let packed = encoder.finish().unwrap();
        assert_eq!(unpack(&packed).as_deref(), Some(&b"{\"id\":\"evt_1\"}"[..]));
    }

    #[test]
    fn what_was_kept_before_is_read_as_it_is() {
        assert_eq!(unpack(b"{}"), Some(b"{}".to_vec()));
        let kept: Bytes = serde_json::from_str("\"e30\"").unwrap();
        assert_eq!(kept.0, b"{}");
    }
}
