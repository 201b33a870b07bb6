//! Reading the form of the query protocol, where lists and maps are numbered fields.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::errors;
use crate::{
    AwsError,
    sqs::{AttributeValue, MessageAttribute},
};

/// A part of a form: the fields whose names start with `prefix`.
#[derive(Clone)]
pub(super) struct Form<'a> {
    fields: &'a [(String, String)],
    prefix: String,
}

impl<'a> Form<'a> {
    pub fn new(fields: &'a [(String, String)]) -> Self {
        Self { fields, prefix: String::new() }
    }

    pub fn get(&self, name: &str) -> Option<&'a str> {
        let field = |(key, _): &&(String, String)| key.strip_prefix(self.prefix.as_str()) == Some(name);
        self.fields.iter().find(field).map(|(_, value)| value.as_str())
    }

    pub fn required(&self, name: &str) -> Result<&'a str, AwsError> {
        self.get(name)
            .ok_or_else(|| errors::invalid(format_args!("{name} Reason: no value for required parameter")))
    }

    /// The items of `Name.member.1`, `Name.entry.1`, ….
    pub fn items(&self, name: &str, kind: &str) -> Vec<Self> {
        let item = |number: usize| {
            let prefix = format!("{}{name}.{kind}.{number}.", self.prefix);
            // A plain item has no name of its own.
            let plain = prefix.trim_end_matches('.');
            let any = self.fields.iter().any(|(key, _)| key == plain || key.starts_with(&prefix));
            any.then(|| Self { fields: self.fields, prefix: prefix.clone() })
        };
        (1..).map_while(item).collect()
    }

    /// The texts of `Name.member.1`, ….
    pub fn texts(&self, name: &str) -> Vec<&'a str> {
        let text = |number: usize| self.get(&format!("{name}.member.{number}"));
        (1..).map_while(text).collect()
    }

    /// The map of `Name.entry.1.key`, `Name.entry.1.value`, ….
    pub fn map(&self, name: &str) -> BTreeMap<String, String> {
        let entry = |item: Self| Some((item.get("key")?.to_owned(), item.get("value")?.to_owned()));
        self.items(name, "entry").into_iter().filter_map(entry).collect()
    }

    /// Tags, each a key and a value.
    pub fn tags(&self) -> Result<BTreeMap<String, String>, AwsError> {
        let mut tags = BTreeMap::new();
        for item in self.items("Tags", "member") {
            let value = item.get("Value").unwrap_or_default().to_owned();
            if tags.insert(item.required("Key")?.to_owned(), value).is_some() {
                return Err(errors::invalid("Duplicated keys are not allowed."));
            }
        }
        Ok(tags)
    }

    /// The attributes of a message.
    pub fn message_attributes(&self) -> Result<BTreeMap<String, MessageAttribute>, AwsError> {
        let mut attributes = BTreeMap::new();
        for item in self.items("MessageAttributes", "entry") {
            let name = item.get("Name").unwrap_or_default();
            let data_type = item.get("Value.DataType").unwrap_or_default();
            let value = match (item.get("Value.StringValue"), item.get("Value.BinaryValue")) {
                (Some(text), _) => AttributeValue::Text(text.to_owned()),
                (None, Some(base64)) => {
                    let bytes = STANDARD.decode(base64);
                    AttributeValue::Binary(bytes.map_err(|error| errors::bad_value(error.to_string()))?)
                }
                (None, None) => AttributeValue::Text(String::new()),
            };
            attributes.insert(name.to_owned(), MessageAttribute { data_type: data_type.to_owned(), value });
        }
        Ok(attributes)
    }
}
