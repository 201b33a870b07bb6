//! Items as DynamoDB's streams show them, read without the product's own types.

use serde_json::{Map, Value};

/// An attribute in DynamoDB's JSON, as plain JSON.
pub fn plain(value: &Value) -> Value {
    let Some((kind, inner)) = value.as_object().and_then(|map| map.iter().next()) else { return Value::Null };
    match kind.as_str() {
        "N" => inner.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null),
        "M" => inner.as_object().map(item).unwrap_or(Value::Null),
        "L" => inner.as_array().map(|list| list.iter().map(plain).collect()).unwrap_or(Value::Null),
        "NULL" => Value::Null,
        // Sets have no order of their own.
        "SS" | "NS" | "BS" => {
            let mut set: Vec<Value> = inner.as_array().cloned().unwrap_or_default();
            set.sort_by_key(ToString::to_string);
            set.into()
        }
        _ => inner.clone(),
    }
}

/// A map of attributes, as plain JSON.
pub fn item(map: &Map<String, Value>) -> Value {
    map.iter().map(|(name, value)| (name.clone(), plain(value))).collect()
}

/// The text of an attribute.
pub fn text<'a>(image: &'a Value, name: &str) -> &'a str {
    image[name]["S"].as_str().unwrap_or_default()
}

/// An amount of money, in minor units.
pub fn amount(money: &Value) -> i64 {
    money["amount"].as_i64().unwrap_or(0)
}

/// What lies behind the tenant in a key: what kind of thing it is of, and its id. No id, where it is of many.
pub fn thing(pk: &str) -> Option<(&str, &str)> {
    let rest = pk.splitn(3, '/').nth(2)?;
    Some(rest.split_once('/').unwrap_or((rest, "")))
}
