//! The MD5 digests that AWS returns, so that a client can tell that a message arrived whole.

use std::{collections::BTreeMap, fmt::Write};

use md5::{Digest, Md5};

use super::{AttributeValue, MessageAttribute};

/// MD5 of a body, in hexadecimal.
pub(super) fn of_body(body: &str) -> String {
    hexadecimal(Md5::digest(body.as_bytes()).as_slice())
}

/// MD5 of the attributes as the SQS developer guide defines it ("Calculating the MD5 message digest for
/// message attributes"): sorted by name; name, type and value each after its length in four bytes, the
/// value after a byte for its kind.
pub(super) fn of_attributes(attributes: &BTreeMap<String, MessageAttribute>) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut encoded = Vec::new();
    for (name, attribute) in attributes {
        for part in [name.as_bytes(), attribute.data_type.as_bytes()] {
            append(&mut encoded, part);
        }
        match &attribute.value {
            AttributeValue::Text(text) => {
                encoded.push(1);
                append(&mut encoded, text.as_bytes());
            }
            AttributeValue::Binary(bytes) => {
                encoded.push(2);
                append(&mut encoded, bytes);
            }
        }
    }
    Some(hexadecimal(Md5::digest(&encoded).as_slice()))
}

fn append(encoded: &mut Vec<u8>, part: &[u8]) {
    encoded.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
    encoded.extend(part);
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a String never fails.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Digests that Amazon SQS itself returned.
    #[test]
    fn digests_are_those_of_aws() {
        assert_eq!(of_body("msg"), "6e2baaf3b97dbeef01c0043275f9a0e7");
        let mut attributes = BTreeMap::from([("Hello".to_owned(), MessageAttribute::text("There"))]);
        assert_eq!(of_attributes(&attributes).unwrap(), "a311262e065454b75da111d535b8dacd");
        attributes.insert("General".into(), MessageAttribute::text("Kenobi"));
        assert_eq!(of_attributes(&attributes).unwrap(), "fca026605781cb4126a1e9044df24232");
        let binary = AttributeValue::Binary(
            b"traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01".to_vec(),
        );
        let binary = MessageAttribute { data_type: "Binary".into(), value: binary };
        let attributes = BTreeMap::from([("attr1".to_owned(), binary)]);
        assert_eq!(of_attributes(&attributes).unwrap(), "8cbe4db156db8a94db8b801b7addb984");
        assert_eq!(of_attributes(&BTreeMap::new()), None);
    }
}
