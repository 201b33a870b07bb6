//! Items as stream records have them.

use std::{collections::BTreeSet, fmt, sync::OnceLock};

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

/// An item, as DynamoDB JSON. Most records pass by everybody who reads the stream, so it is parsed when somebody looks.
#[derive(Clone, Debug)]
pub struct Image {
    text: String,
    parsed: OnceLock<Value>,
}

impl Image {
    pub(super) fn new(text: String) -> Self {
        Self { text, parsed: OnceLock::new() }
    }

    /// How many bytes it has.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// The item.
    pub fn value(&self) -> &Value {
        self.parsed.get_or_init(|| serde_json::from_str(&self.text).unwrap_or_default())
    }

    /// Of the item, the attributes with these names.
    pub fn only(&self, names: &BTreeSet<String>) -> Value {
        let mut json = serde_json::Deserializer::from_str(&self.text);
        Value::Object(json.deserialize_map(Only(names)).unwrap_or_default())
    }

    /// Whether it is the same item. Then it has the same length: only the order of attributes and sets may differ.
    pub(super) fn same(&self, other: &Self) -> bool {
        self.len() == other.len() && (self.text == other.text || same_item(self.value(), other.value()))
    }
}

impl PartialEq for Image {
    fn eq(&self, other: &Self) -> bool {
        self.same(other)
    }
}

/// Reads some attributes, and skips the others.
struct Only<'a>(&'a BTreeSet<String>);

impl<'de> Visitor<'de> for Only<'_> {
    type Value = Map<String, Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an item")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            if self.0.contains(&name) {
                found.insert(name, map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Equal as DynamoDB counts it: the members of a set have no order.
pub(super) fn same_item(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| match other.get(name) {
                    Some(other) if ["SS", "NS", "BS"].contains(&name.as_str()) => same_set(value, other),
                    Some(other) => same_item(value, other),
                    None => false,
                })
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same_item(one, other))
        }
        (one, other) => one == other,
    }
}

/// An attribute that happens to be called `SS` holds an object and not a list, and is compared as one.
fn same_set(one: &Value, other: &Value) -> bool {
    match (one.as_array(), other.as_array()) {
        (Some(one), Some(other)) => {
            one.len() == other.len() && one.iter().all(|member| other.contains(member))
        }
        _ => same_item(one, other),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn some_attributes_are_read_as_in_the_whole() {
        let item = json!({"a": {"S": "\"x"}, "b": {"M": {"a": {"L": [{"N": "1"}]}}}, "c": {"NULL": true}});
        let image = Image::new(item.to_string());
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(image.only(&names(&["b", "none"])), json!({"b": item["b"]}));
        assert_eq!(image.only(&names(&["a", "b", "c"])), *image.value());
        assert_eq!(image.only(&names(&[])), json!({}));
    }

    #[test]
    fn sets_have_no_order_and_lists_do() {
        assert!(same_item(&json!({"a": {"SS": ["x", "y"]}}), &json!({"a": {"SS": ["y", "x"]}})));
        assert!(!same_item(&json!({"a": {"SS": ["x"]}}), &json!({"a": {"SS": ["y"]}})));
        assert!(!same_item(
            &json!({"a": {"L": [{"N": "1"}, {"N": "2"}]}}),
            &json!({"a": {"L": [{"N": "2"}, {"N": "1"}]}})
        ));
        assert!(!same_item(&json!({"a": {"S": "1"}}), &json!({"a": {"N": "1"}})));
        assert!(!same_item(&json!({"a": {"S": "1"}}), &json!({"b": {"S": "1"}})));
        assert!(same_item(
            &json!({"SS": {"M": {"a": {"BOOL": true}}}}),
            &json!({"SS": {"M": {"a": {"BOOL": true}}}})
        ));
    }
}
