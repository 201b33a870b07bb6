//! Who did what the audit log tells of.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, schema::Schema, schema::Type},
};

use crate::principal::Who;

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A caller whom the authorizer verified.
    Principal(Who),
    /// Souk itself, by a schedule or in the course of what somebody began.
    System,
    /// Whoever runs the deployment.
    Operator,
    /// Somebody who proved nothing: a log-in that was refused.
    Anonymous,
}

impl From<Who> for Actor {
    fn from(who: Who) -> Self {
        Self::Principal(who)
    }
}

/// The id of the principal, or `system`, `operator` or `anonymous`.
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Principal(who) => who.fmt(f),
            Self::System => f.write_str("system"),
            Self::Operator => f.write_str("operator"),
            Self::Anonymous => f.write_str("anonymous"),
        }
    }
}

impl FromStr for Actor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "system" => Ok(Self::System),
            "operator" => Ok(Self::Operator),
            "anonymous" => Ok(Self::Anonymous),
            id => {
                id.parse().map(Self::Principal).map_err(|()| "must be an id, system, operator or anonymous")
            }
        }
    }
}

impl Serialize for Actor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Actor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl PartialSchema for Actor {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(
                "The id of a key, a customer, staff or an integration; `system`, `operator` or `anonymous`.",
            ))
            .examples(["key_01kasnm8v0e2jt2q3n4p5r6s7t"])
            .into()
    }
}

impl ToSchema for Actor {
    fn name() -> std::borrow::Cow<'static, str> {
        "AuditActor".into()
    }
}
