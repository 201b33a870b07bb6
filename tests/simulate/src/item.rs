//! Items as DynamoDB's streams show them, read without the product's own types.

use std::io::Read as _;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use flate2::read::DeflateDecoder;
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
        "B" => inner.as_str().and_then(unpacked).unwrap_or_else(|| inner.clone()),
        _ => inner.clone(),
    }
}

/// What packed JSON was made small after: a text that is part of the form, as the byte in front of it is.
const COMMON: &[u8] = include_bytes!("../../../shared/src/store/packed-2.txt");

/// The JSON that was packed: a byte that says how, and what RFC 1951 makes of the text.
fn unpacked(text: &str) -> Option<Value> {
    let bytes = BASE64_STANDARD.decode(text).ok()?;
    // The common text, as a block that is stored and not the last one, has to come before.
    let length = u16::try_from(COMMON.len()).ok()?;
    let head = [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes()].concat();
    let mut plain = Vec::new();
    DeflateDecoder::new(&*[&head, COMMON, bytes.strip_prefix(&[2])?].concat())
        .read_to_end(&mut plain)
        .ok()?;
    serde_json::from_slice(plain.strip_prefix(COMMON)?).ok()
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
