//! SHA-256 digests, of chained entries and of what was written.

use std::{fmt, str::FromStr};

use aws_sdk_dynamodb::types::AttributeValue;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, schema::Schema, schema::Type},
};

use crate::{store::Item, text::hex};

/// A SHA-256 digest, written in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// What stands before the first entry of a chain.
    pub const ZERO: Self = Self([0; 32]);

    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        let mut out = [0; 32];
        out.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Self(out)
    }

    /// The digest of an item as it is stored, without its key: the same for the same attributes, whatever their order.
    /// What is sealed is digested sealed, so a digest tells nothing of personal data.
    pub fn of_item(item: &Item) -> Self {
        let mut out = b"souk.audit.item.v1".to_vec();
        let content = item.iter().filter(|(name, _)| !["pk", "sk", "kind"].contains(&name.as_str()));
        map(&mut out, content.collect());
        Self::of(&out)
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

fn counted(out: &mut Vec<u8>, tag: u8, length: usize) {
    out.push(tag);
    out.extend_from_slice(&(length as u64).to_be_bytes());
}

fn text(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    counted(out, tag, bytes.len());
    out.extend_from_slice(bytes);
}

fn map(out: &mut Vec<u8>, mut members: Vec<(&String, &AttributeValue)>) {
    members.sort_by_key(|(name, _)| *name);
    counted(out, b'M', members.len());
    for (name, member) in members {
        text(out, b'K', name.as_bytes());
        value(out, member);
    }
}

fn set<'a>(out: &mut Vec<u8>, tag: u8, members: impl Iterator<Item = &'a [u8]>) {
    let mut members: Vec<_> = members.collect();
    members.sort_unstable();
    counted(out, b'E', members.len());
    for member in members {
        text(out, tag, member);
    }
}

fn value(out: &mut Vec<u8>, one: &AttributeValue) {
    match one {
        AttributeValue::S(it) => text(out, b'S', it.as_bytes()),
        AttributeValue::N(it) => text(out, b'N', it.as_bytes()),
        AttributeValue::B(it) => text(out, b'B', it.as_ref()),
        AttributeValue::Bool(it) => out.extend_from_slice(&[b'T', u8::from(*it)]),
        AttributeValue::L(it) => {
            counted(out, b'L', it.len());
            it.iter().for_each(|member| value(out, member));
        }
        AttributeValue::M(it) => map(out, it.iter().collect()),
        AttributeValue::Ss(it) => set(out, b'S', it.iter().map(String::as_bytes)),
        AttributeValue::Ns(it) => set(out, b'N', it.iter().map(String::as_bytes)),
        AttributeValue::Bs(it) => set(out, b'B', it.iter().map(AsRef::as_ref)),
        // Null, and what DynamoDB may come to have: nothing that Souk writes.
        _ => out.push(b'0'),
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = &'static str;

    fn from_str(hex: &str) -> Result<Self, Self::Err> {
        let error = "must be 64 hexadecimal digits, in lower case";
        let digits = hex.as_bytes();
        let digit = |digit: u8| match digit {
            b'0'..=b'9' => Ok(digit - b'0'),
            b'a'..=b'f' => Ok(digit - b'a' + 10),
            _ => Err(error),
        };
        let mut out = [0; 32];
        if digits.len() != 64 {
            return Err(error);
        }
        for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = (digit(pair[0])? << 4) | digit(pair[1])?;
        }
        Ok(Self(out))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl PartialSchema for Digest {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[0-9a-f]{64}$"))
            .description(Some("A SHA-256 digest."))
            .into()
    }
}

impl ToSchema for Digest {
    fn name() -> std::borrow::Cow<'static, str> {
        "Digest".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_items_digest_depends_on_its_content_alone() {
        let item = |members: &[(&str, &str)]| -> Item {
            let text = |text: &str| AttributeValue::S(text.to_owned());
            members.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect()
        };
        let one = Digest::of_item(&item(&[("a", "b"), ("c", "d"), ("pk", "x")]));
        assert_eq!(one, Digest::of_item(&item(&[("c", "d"), ("a", "b"), ("pk", "y"), ("kind", "k")])));
        assert_ne!(one, Digest::of_item(&item(&[("a", "bc"), ("d", "")])));
        assert_ne!(one, Digest::of_item(&item(&[("a", "b")])));
    }

    #[test]
    fn text_and_back() {
        let digest = Digest::of(b"souk");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert!(digest.to_string().to_uppercase().parse::<Digest>().is_err());
        assert!(digest.to_string()[1..].parse::<Digest>().is_err());
    }
}
