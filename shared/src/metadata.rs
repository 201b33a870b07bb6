//! What integrators hang on a resource for themselves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, schema::Schema},
};

/// Text by name: at most 20 entries, names up to 40 characters, values up to 500. Souk stores it and gives it back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Metadata(BTreeMap<String, String>);

impl Metadata {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<BTreeMap<String, String>> for Metadata {
    type Error = String;

    fn try_from(entries: BTreeMap<String, String>) -> Result<Self, String> {
        if entries.len() > 20 {
            return Err("must have at most 20 entries".to_owned());
        }
        for (name, value) in &entries {
            if name.is_empty() || name.chars().count() > 40 || name.chars().any(char::is_control) {
                return Err("names must have 1 to 40 characters and no control characters".to_owned());
            }
            if value.chars().count() > 500 {
                return Err("values must have at most 500 characters".to_owned());
            }
        }
        Ok(Self(entries))
    }
}

impl From<Metadata> for BTreeMap<String, String> {
    fn from(metadata: Metadata) -> Self {
        metadata.0
    }
}

impl PartialSchema for Metadata {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::Object)
            .additional_properties(Some(String::schema()))
            .description(Some("At most 20 entries; names up to 40 characters, values up to 500."))
            .into()
    }
}

impl ToSchema for Metadata {}
