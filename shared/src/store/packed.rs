//! What is written often and looked at seldom, made small: DynamoDB bills writes by the kilobyte.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use miniz_oxide::{
    DataFormat,
    deflate::core::{CompressionStrategy, CompressorOxide, TDEFLFlush, TDEFLStatus, compress_to_output},
    inflate::{
        TINFLStatus,
        core::{
            DecompressorOxide, decompress, inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF as WHOLE,
        },
    },
};
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

/// What something unpacks to at the most: more than any item holds.
const MOST: usize = 8 * 1024 * 1024;

/// How hard to look, of 10: more finds nothing more in what is as short as an item.
const EFFORT: u8 = 6;

/// The bits of a window of 32 KiB, the largest there is.
const WINDOW: u8 = 15;

/// `plain`, made small (RFC 1951).
pub fn pack(plain: &[u8]) -> Vec<u8> {
    let mut deflate =
        CompressorOxide::with_params(DataFormat::Raw, EFFORT, CompressionStrategy::Default, WINDOW);
    // Ends on a whole byte, so that what it came to can be left out, and what follows can still point back at it.
    compress_to_output(&mut deflate, COMMON, TDEFLFlush::Sync, |_| true);
    let mut packed = vec![DEFLATED_AFTER_COMMON];
    let (status, _) = compress_to_output(&mut deflate, plain, TDEFLFlush::Finish, |bytes| {
        packed.extend_from_slice(bytes);
        true
    });
    // Whatever is not packed is read as it is.
    if status == TDEFLStatus::Done { packed } else { plain.to_vec() }
}

/// What [`pack`] was given; what was never packed as it is. Nothing where it was changed.
pub fn unpack(bytes: &[u8]) -> Option<Vec<u8>> {
    match bytes.split_first() {
        Some((&DEFLATED, packed)) => inflate(packed, &[]),
        Some((&DEFLATED_AFTER_COMMON, packed)) => inflate(packed, COMMON),
        _ => Some(bytes.to_vec()),
    }
}

/// What `packed` holds, which may point back at what came `before`.
fn inflate(mut packed: &[u8], before: &[u8]) -> Option<Vec<u8>> {
    let mut state = Box::<DecompressorOxide>::default();
    let mut plain = before.to_vec();
    let mut end = plain.len();
    let most = end + MOST;
    loop {
        plain.resize((end + 6 * packed.len() + 256).min(most), 0);
        let (status, read, written) = decompress(&mut state, packed, &mut plain, end, WHOLE);
        (packed, end) = (&packed[read..], end + written);
        match status {
            TINFLStatus::Done => break,
            TINFLStatus::HasMoreOutput if end < most => {}
            _ => return None,
        }
    }
    plain.truncate(end);
    plain.drain(..before.len());
    Some(plain)
}

/// Bytes in an item, as bytes. Reads also what was kept as base64.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    use miniz_oxide::deflate::compress_to_vec;
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
        let digest = crate::text::hex(digest.as_ref());
        assert_eq!(digest, "29fa8ef9de1eb616971bcb698a22b15b9c8f60cbb55942a2f74cc59b95e13f3f");
    }

    #[test]
    fn what_was_packed_in_the_form_of_before_is_read() {
        let packed = [&[DEFLATED][..], &compress_to_vec(b"{\"id\":\"evt_1\"}", 9)].concat();
        assert_eq!(unpack(&packed).as_deref(), Some(&b"{\"id\":\"evt_1\"}"[..]));
    }

    #[test]
    fn what_unpacks_to_more_than_any_item_holds_does_not() {
        let fits = compress_to_vec(&vec![b' '; MOST], 9);
        let packed = [&[DEFLATED][..], &fits].concat();
        assert_eq!(unpack(&packed).map(|plain| plain.len()), Some(MOST));
        let packed = [&[DEFLATED][..], &compress_to_vec(&vec![b' '; MOST + 1], 9)].concat();
        assert_eq!(unpack(&packed), None);
    }

    #[test]
    fn what_was_cut_short_does_not_unpack() {
        let packed = pack(b"{\"id\":\"evt_1\",\"type\":\"order.placed\"}");
        for end in 1..packed.len() {
            assert_eq!(unpack(&packed[..end]), None, "{end}");
        }
    }

    #[test]
    fn what_was_kept_before_is_read_as_it_is() {
        assert_eq!(unpack(b"{}"), Some(b"{}".to_vec()));
        let kept: Bytes = serde_json::from_str("\"e30\"").unwrap();
        assert_eq!(kept.0, b"{}");
    }
}
