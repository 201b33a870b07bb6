//! A password and its hash: argon2id, RFC 9106, with the parameters that OWASP names first for little memory.

use std::{fmt, sync::OnceLock};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::phc::PasswordHash,
};
use serde::Deserialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, SchemaFormat, schema::Schema},
};

use crate::runtime::App;

/// Characters that a password has at least (NIST SP 800-63B, section 5.1.1.2).
const LEAST: usize = 8;

/// Characters that a password has at most. All of them count: nothing is cut off.
const MOST: usize = 1000;

/// Memory in KiB, passes and lanes.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// The 8,000 passwords of eight characters and more that leaked lists show most often, in lower case.
const COMMON: &str = include_str!("common-passwords.txt");

/// A password as somebody typed it. Never logged, never stored.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Password(String);

impl TryFrom<String> for Password {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let length = text.chars().count();
        if (1..=MOST).contains(&length) {
            Ok(Self(text))
        } else {
            Err(format!("must have {LEAST} to {MOST} characters, has {length}"))
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl PartialSchema for Password {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
            .min_length(Some(LEAST))
            .max_length(Some(MOST))
            .examples(["three quiet herons"])
            .into()
    }
}

impl ToSchema for Password {}

impl Password {
    /// Whether it may be chosen. At a log-in that is not asked: whoever has one already keeps it.
    ///
    /// # Errors
    /// Says what is wrong with it, without telling it.
    pub fn acceptable(&self) -> Result<(), String> {
        let length = self.0.chars().count();
        if length < LEAST {
            return Err(format!("must have {LEAST} to {MOST} characters, has {length}"));
        }
        let lowered = self.0.to_lowercase();
        if COMMON.lines().any(|common| common == lowered) {
            return Err("is among the most common passwords: choose another".to_owned());
        }
        Ok(())
    }

    /// Its hash, with a new salt, as a PHC string.
    ///
    /// # Errors
    /// Where the machine lacks the memory.
    pub fn hash(&self, app: &App) -> Result<String, String> {
        hash_of(self.0.as_bytes(), &app.entropy().bytes::<16>())
    }

    /// Whether it is the password of this hash. Without a hash it is not, and that takes as long to find out.
    pub(super) fn matches(&self, hash: Option<&str>) -> bool {
        static NOBODYS: OnceLock<String> = OnceLock::new();
        let nobodys = || NOBODYS.get_or_init(|| hash_of(b"nobody's password", &[7; 16]).unwrap_or_default());
        let (text, anybodys) = match hash {
            Some(hash) => (hash, true),
            None => (nobodys().as_str(), false),
        };
        let matches = PasswordHash::new(text)
            .is_ok_and(|hash| Argon2::default().verify_password(self.0.as_bytes(), &hash).is_ok());
        matches && anybodys
    }
}

fn hash_of(password: &[u8], salt: &[u8]) -> Result<String, String> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(|error| error.to_string())?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2.hash_password_with_salt(password, salt).map_err(|error| error.to_string())?;
    Ok(hash.to_string())
}

/// Whether a hash was made with other parameters than today's.
pub(super) fn is_outdated(hash: &str) -> bool {
    let (memory, passes, lanes) = COST;
    !hash.starts_with(&format!("$argon2id$v=19$m={memory},t={passes},p={lanes}$"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        text.to_owned().try_into().unwrap()
    }

    #[test]
    fn long_uncommon_passwords_are_acceptable_whatever_they_are_made_of() {
        for good in ["three quiet herons", "ünïcödé🔑", "aaaaaaab", &"x".repeat(1000)] {
            assert!(password(good).acceptable().is_ok(), "{good}");
        }
        for bad in ["short", "password", "Password1", "QWERTYUIOP", "12345678"] {
            assert!(password(bad).acceptable().is_err(), "{bad}");
        }
        assert!(Password::try_from("x".repeat(1001)).is_err());
    }

    #[test]
    fn every_character_counts() {
        let hash = hash_of("x".repeat(200).as_bytes(), &[1; 16]).unwrap();
        assert!(password(&"x".repeat(200)).matches(Some(&hash)));
        assert!(!password(&"x".repeat(199)).matches(Some(&hash)));
        assert!(!password(&"x".repeat(201)).matches(Some(&hash)));
        assert!(!password("nobody's password").matches(None));
    }

    #[test]
    fn a_hash_of_other_parameters_still_matches_and_is_outdated() {
        let weaker =
            Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8 * 1024, 1, 1, None).unwrap());
        let old = weaker.hash_password_with_salt(b"three quiet herons", &[2; 16]).unwrap().to_string();
        assert!(password("three quiet herons").matches(Some(&old)));
        assert!(is_outdated(&old));
        assert!(!is_outdated(&hash_of(b"three quiet herons", &[2; 16]).unwrap()));
    }

    #[test]
    fn debug_output_tells_nothing() {
        assert_eq!(format!("{:?}", password("three quiet herons")), "Password(…)");
    }
}
