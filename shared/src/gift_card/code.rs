//! What a shopper types: the code of a gift card.

use std::fmt;

use ring::hmac;
use serde::{Deserialize, Deserializer, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, schema::Schema},
};

use crate::{
    runtime::{App, StartError},
    tenant::Tenant,
    text::hex,
};

/// Digits that people don't take for one another.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How long a code is, without what only makes it easier to read.
const LENGTHS: std::ops::RangeInclusive<usize> = 16..=32;

/// The code of a gift card. Never stored and never shown again: what is kept is a keyed hash, and the last four.
#[derive(Clone, PartialEq, Eq)]
pub struct GiftCode(String);

impl GiftCode {
    /// A new one: 16 digits of 5 random bits.
    pub fn new(app: &App) -> Self {
        let bytes: [u8; 10] = app.entropy().bytes();
        let bits = bytes.iter().fold(0_u128, |bits, byte| (bits << 8) | u128::from(*byte));
        let digit = |place: u32| char::from(ALPHABET[((bits >> (5 * place)) & 31) as usize]);
        Self((0..16).map(digit).collect())
    }

    /// Reads what somebody typed. Case, spaces and hyphens make no difference, nor does an `O` for a `0` and an `I` or an
    /// `L` for a `1`.
    ///
    /// # Errors
    /// Names the rule.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let mut code = String::with_capacity(text.len().min(64));
        for c in text.chars().filter(|c| !matches!(c, ' ' | '-')) {
            code.push(match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                c if c.is_ascii_alphanumeric() => c,
                _ => return Err("must consist of letters and digits"),
            });
            if code.len() > *LENGTHS.end() {
                break;
            }
        }
        if LENGTHS.contains(&code.len()) {
            Ok(Self(code))
        } else {
            Err("must have 16 to 32 letters and digits")
        }
    }

    /// The code as it is handed out, in groups of four.
    pub fn reveal(&self) -> String {
        let groups: Vec<_> =
            self.0.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
        groups.join("-")
    }

    /// The end of it: enough to tell cards apart, too little to guess one.
    pub fn last_four(&self) -> String {
        self.0[self.0.len() - 4..].to_owned()
    }

    /// What it is found by. Without the deployment's root secret there is no way to try out codes.
    ///
    /// # Errors
    /// [`StartError`] where the root secret can't be had.
    pub async fn hash(&self, app: &App, tenant: Tenant) -> Result<String, StartError> {
        let key = app.derived_key("gift-card").await?;
        let tag = hmac::sign(&key, format!("{tenant} {}", self.0).as_bytes());
        Ok(hex(tag.as_ref()))
    }
}

impl fmt::Debug for GiftCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GiftCode(…)")
    }
}

impl<'de> Deserialize<'de> for GiftCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl PartialSchema for GiftCode {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some(
                "16 to 32 letters and digits. Case, spaces and hyphens make no difference, nor does an O for a 0 or an I \
                 or L for a 1.",
            ))
            .examples(["K7Q2-M9F4-ZTB1-0XYZ"])
            .into()
    }
}

impl ToSchema for GiftCode {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_people_type() {
        let code = GiftCode::parse("k7q2 m9f4-ztbi-oxyz").unwrap();
        assert_eq!(code.reveal(), "K7Q2-M9F4-ZTB1-0XYZ");
        assert_eq!(code.last_four(), "0XYZ");
        assert_eq!(format!("{code:?}"), "GiftCode(…)");
        for wrong in ["", "K7Q2-M9F4-ZTB1", "K7Q2-M9F4-ZTB1-0XY!", &"A".repeat(33)] {
            assert!(GiftCode::parse(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(text in "[A-Z0-9]{16,32}") {
            let code = GiftCode::parse(&text).unwrap();
            prop_assert_eq!(GiftCode::parse(&code.reveal()).unwrap(), code);
        }

        #[test]
        fn parsing_never_panics(text in ".{0,60}") {
            let _ = GiftCode::parse(&text);
        }
    }
}
