//! The secrets of an integration: shown once, stored as a hash.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::{runtime::App, store::keys, text::hex};

/// No secret is longer; what is longer is not worth hashing.
const MOST_CHARACTERS: usize = 128;

/// A secret as it is stored. 256 random bits need no slow hash.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Secret {
    hash: String,
    /// When it ends, in seconds since 1970: one that was rolled goes on for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ends: Option<i64>,
}

impl Secret {
    /// A new secret, `cs_…`, and what is stored of it.
    pub(super) fn new(app: &App) -> (String, Self) {
        let random: [u8; 32] = app.entropy().bytes();
        let text = format!("cs_{}", hex(&random));
        let secret = Self { hash: keys::hash(&[text.as_bytes()]), ends: None };
        (text, secret)
    }

    pub(super) fn is_good(&self, now: Timestamp) -> bool {
        self.ends.is_none_or(|ends| now.as_second() < ends)
    }

    pub(super) fn is(&self, text: &str, now: Timestamp) -> bool {
        let given =
            if text.len() <= MOST_CHARACTERS { keys::hash(&[text.as_bytes()]) } else { String::new() };
        let same: bool = self.hash.as_bytes().ct_eq(given.as_bytes()).into();
        same & self.is_good(now)
    }
}
