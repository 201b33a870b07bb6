//! From a resolved part of the template to a type, with the path of whatever doesn't fit.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Visitor},
};
use serde_json::Value;

use super::error::{Result, TemplateError};

/// A property that is known and has no effect on this machine.
pub(super) type Ignored = serde::de::IgnoredAny;

/// Parses `value`, found at `path`.
pub(super) fn parse<T: DeserializeOwned>(value: Value, path: &str) -> Result<T> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let inner = error.path().to_string();
        let path = if inner == "." { path.to_owned() } else { format!("{path}.{inner}") };
        let reason = error.into_inner().to_string();
        TemplateError::new(path, reason.replace("unknown field", "local doesn't know the property"))
    })
}

/// Text, numbers and booleans as CloudFormation turns them into text.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// A whole number, given as one or as text (a parameter's value always is text).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Integer(pub i64);

impl Integer {
    /// As a count; negative numbers become 0.
    pub(super) fn count(self) -> u64 {
        u64::try_from(self.0).unwrap_or(0)
    }
}

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Whole;
        impl Visitor<'_> for Whole {
            type Value = i64;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }
            fn visit_i64<E: serde::de::Error>(self, value: i64) -> std::result::Result<i64, E> {
                Ok(value)
            }
            fn visit_u64<E: serde::de::Error>(self, value: u64) -> std::result::Result<i64, E> {
                i64::try_from(value).map_err(E::custom)
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<i64, E> {
                text.parse().map_err(|_| E::custom(format!("{text:?} isn't a whole number")))
            }
        }
        deserializer.deserialize_any(Whole).map(Self)
    }
}

/// Yes or no, given as a boolean or as its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flag(pub bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct YesNo;
        impl Visitor<'_> for YesNo {
            type Value = bool;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true or false")
            }
            fn visit_bool<E>(self, value: bool) -> std::result::Result<bool, E> {
                Ok(value)
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<bool, E> {
                text.parse().map_err(|_| E::custom(format!("{text:?} is neither true nor false")))
            }
        }
        deserializer.deserialize_any(YesNo).map(Self)
    }
}

/// Text, also where the template gives a number or a boolean.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Text(pub String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        text_of(&value).map(Self).ok_or_else(|| serde::de::Error::custom("expected text"))
    }
}
