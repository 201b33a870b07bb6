//! Codes that change every half minute (RFC 6238), and the ones for a lost phone. Pure.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use totp_rs::Builder;

use crate::http::Problem;

/// Seconds for which a code is shown.
const STEP: i64 = 30;

/// RFC 4648, section 6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What a member's authenticator and Souk share: 160 bits, as RFC 4226 recommends.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Secret([u8; 20]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    pub(super) fn new(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// As people type it in.
    pub(super) fn to_base32(&self) -> String {
        base32(&self.0)
    }

    /// As authenticators read it from a picture: `store` and `account` are what they show.
    pub(super) fn to_uri(&self, store: &str, account: &str) -> String {
        let escaped = |text: &str| {
            url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
        };
        let (store, account) = (escaped(store), escaped(account));
        let secret = self.to_base32();
        format!(
            "otpauth://totp/{store}:{account}?secret={secret}&issuer={store}&algorithm=SHA1&digits=6&period=30"
        )
    }

    /// The step whose code this is, of the one at `now`, the one before and the one after it, where none up to `last`
    /// counts: each is good once.
    ///
    /// # Errors
    /// A 500 where the secret is of no use.
    pub(super) fn step_of(&self, code: &str, now: Timestamp, last: i64) -> Result<Option<i64>, Problem> {
        if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(None);
        }
        // One step at a time, because what was used already must not hide a later step with the same code.
        let totp = Builder::new().with_secret(self.0).with_skew(0).build();
        let totp = totp.map_err(|error| Problem::internal(format!("{error:?}")))?;
        let present = now.as_second().div_euclid(STEP);
        let steps = (present - 1)..=(present + 1);
        Ok(steps
            .filter(|step| *step > last)
            .find(|step| u64::try_from(step * STEP).is_ok_and(|seconds| totp.check(code, seconds).is_some())))
    }
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let mut group = [0; 8];
        group[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(group);
        for place in 0..(chunk.len() * 8).div_ceil(5) {
            text.push(char::from(BASE32[((bits >> (35 - 5 * place)) & 31) as usize]));
        }
    }
    text
}

/// Letters and digits of a recovery code.
const LENGTH: usize = 24;

/// A recovery code of these 120 bits: `abcd-efgh-ijkl-mnop-qrst-uvwx`. A group more than is typed gladly: ASVS asks for
/// 112 bits.
pub(super) fn recovery_code(bytes: [u8; 15]) -> String {
    let text = base32(&bytes).to_lowercase();
    let groups: Vec<_> = text.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
    groups.join("-")
}

/// A recovery code as people type it, without what they add or leave out; nothing where it can't be one.
pub(super) fn normalized(code: &str) -> Option<String> {
    let text: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    (text.len() == LENGTH).then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// RFC 6238, appendix B, the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = Secret::new(*b"12345678901234567890");
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(secret.step_of(code, at(second), 0).unwrap(), Some(second / 30), "{second}");
        }
    }

    #[test]
    fn one_step_early_or_late_is_accepted_and_no_more() {
        let secret = Secret::new(*b"12345678901234567890");
        let accepted = |second| secret.step_of("081804", at(second), 0).unwrap().is_some();
        // Its step begins at 1 111 111 080.
        let step = 1_111_111_080;
        assert!(accepted(step - 30) && accepted(step) && accepted(step + 59));
        assert!(!accepted(step - 31) && !accepted(step + 60));
        assert_eq!(secret.step_of("081804", at(step), step / 30).unwrap(), None, "used already");
        for nonsense in ["", "08180", "0818040", "08180a", "０81804", " 081804"] {
            assert_eq!(secret.step_of(nonsense, at(step), 0).unwrap(), None, "{nonsense}");
        }
    }

    /// RFC 4648, section 10.
    #[test]
    fn base_32_is_that_of_the_standard() {
        for (bytes, text) in [("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foobar", "MZXW6YTBOI")] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
        assert_eq!(recovery_code(*b"foobarfoobarfoo"), "mzxw-6ytb-ojtg-633c-mfzg-m33p");
        let typed = " MZXW 6YTB ojtg633c MFZG-m33p ";
        assert_eq!(normalized(typed).as_deref(), Some("mzxw6ytbojtg633cmfzgm33p"));
        assert_eq!(normalized("mzxw-6ytb"), None);
    }

    #[test]
    fn debug_output_tells_nothing_and_names_are_escaped() {
        let secret = Secret::new([7; 20]);
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        let uri = secret.to_uri("Tea & Co", "ada@example.com");
        assert!(uri.starts_with("otpauth://totp/Tea%20%26%20Co:ada%40example.com?secret="), "{uri}");
    }
}
