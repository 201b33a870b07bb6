//! Finding what belongs to an email address without keeping the address.

use std::{fmt, str::FromStr};

use ring::hmac;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{
    contact::Email,
    runtime::{App, StartError},
    tenant::Tenant,
    text::hex,
};

/// A keyed hash of an email address: the same for the same address of a store, and without the deployment's root
/// secret no way to try out addresses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailHash([u8; 32]);

/// The hash of `email` in the store of `tenant`. Capitals make no difference.
///
/// # Errors
/// [`StartError`] where the root secret can't be had.
pub async fn email_hash(app: &App, tenant: Tenant, email: &Email) -> Result<EmailHash, StartError> {
    let key = app.derived_key("email").await?;
    let text = format!("{tenant} {}", email.as_str().to_lowercase());
    let mut hash = [0; 32];
    hash.copy_from_slice(hmac::sign(&key, text.as_bytes()).as_ref());
    Ok(EmailHash(hash))
}

/// A keyed hash of `text`, as 64 hexadecimal digits.
pub fn keyed_hash(key: &hmac::Key, text: &str) -> String {
    hex(hmac::sign(key, text.as_bytes()).as_ref())
}

/// 64 hexadecimal digits.
impl fmt::Display for EmailHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for EmailHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailHash(…)")
    }
}

impl FromStr for EmailHash {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let mut hash = [0; 32];
        if text.len() != 2 * hash.len() {
            return Err(());
        }
        for (byte, pair) in hash.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = digit(pair[0]).ok_or(())? << 4 | digit(pair[1]).ok_or(())?;
        }
        Ok(Self(hash))
    }
}

impl Serialize for EmailHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EmailHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|()| D::Error::custom("must be 64 hexadecimal digits"))
    }
}
