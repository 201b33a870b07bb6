//! Filter policies: which messages a subscription wants.
//!
//! <https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html>

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{
    pattern::{Dialect, Pattern},
    sqs::{AttributeValue, MessageAttribute},
};

const MAX_BYTES: usize = 262_144;
const MAX_KEYS: usize = 5;
const MAX_COMBINATIONS: usize = 150;

/// What a filter policy looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Scope {
    /// The attributes of the message; no nesting.
    #[default]
    Attributes,
    /// The message itself, which is JSON.
    Body,
}

impl Scope {
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "MessageAttributes" => Ok(Self::Attributes),
            "MessageBody" => Ok(Self::Body),
            other => Err(format!(
                "FilterPolicyScope: Invalid value [{other}]. Please use either MessageBody or MessageAttributes"
            )),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Attributes => "MessageAttributes",
            Self::Body => "MessageBody",
        }
    }
}

/// A filter policy.
#[derive(Clone, Debug)]
pub(super) struct FilterPolicy {
    pattern: Pattern,
    scope: Scope,
}

impl FilterPolicy {
    /// Reads a policy; the error is what follows `Invalid parameter: ` in the answer.
    pub fn parse(json: &str, scope: Scope) -> Result<Self, String> {
        if json.len() > MAX_BYTES {
            return Err("FilterPolicy: Filter policy is too large".into());
        }
        let value: Value = serde_json::from_str(json)
            .map_err(|error| format!("FilterPolicy: failed to parse JSON. {error}"))?;
        let pattern =
            Pattern::parse_as(&value, Dialect::FilterPolicy).map_err(|e| format!("FilterPolicy: {e}"))?;
        if scope == Scope::Attributes && pattern.is_nested() {
            return Err("Filter policy scope MessageAttributes does not support nested filter policy".into());
        }
        if pattern.top_level_keys() > MAX_KEYS {
            return Err(format!("FilterPolicy: Filter policy can not have more than {MAX_KEYS} keys"));
        }
        if pattern.combinations() > MAX_COMBINATIONS {
            return Err("FilterPolicy: Filter policy is too complex".into());
        }
        Ok(Self { pattern, scope })
    }

    /// Whether the subscription wants a message.
    pub fn accepts(&self, body: &str, attributes: &BTreeMap<String, MessageAttribute>) -> bool {
        match self.scope {
            Scope::Attributes => self.pattern.matches(&as_json(attributes)),
            Scope::Body => serde_json::from_str(body).is_ok_and(|body| self.pattern.matches(&body)),
        }
    }
}

/// Attributes as the object that a pattern matches. Binary ones are ignored, as AWS documents.
fn as_json(attributes: &BTreeMap<String, MessageAttribute>) -> Value {
    let value = |attribute: &MessageAttribute| {
        let AttributeValue::Text(text) = &attribute.value else { return None };
        match attribute.data_type.as_str() {
            "String.Array" => serde_json::from_str(text).ok().filter(Value::is_array),
            number if number == "Number" || number.starts_with("Number.") => {
                serde_json::from_str(text).ok().or_else(|| Some(text.parse::<f64>().ok()?.into()))
            }
            _ => Some(Value::String(text.clone())),
        }
    };
    let entries = attributes.iter().filter_map(|(name, attribute)| Some((name.clone(), value(attribute)?)));
    Value::Object(entries.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(data_type: &str, text: &str) -> MessageAttribute {
        MessageAttribute { data_type: data_type.into(), value: AttributeValue::Text(text.into()) }
    }

    #[track_caller]
    fn accepts(policy: &str, data_type: &str, text: &str) -> bool {
        let policy = FilterPolicy::parse(policy, Scope::Attributes).unwrap();
        policy.accepts("", &BTreeMap::from([("k".to_owned(), attribute(data_type, text))]))
    }

    #[test]
    fn attributes_match_by_their_type() {
        assert!(accepts(r#"{"k":["1"]}"#, "String", "1"));
        assert!(!accepts(r#"{"k":["1"]}"#, "Number", "1"));
        assert!(accepts(r#"{"k":[1]}"#, "Number", "1.0"));
        assert!(accepts(r#"{"k":[1]}"#, "Number.int", "+1"));
        assert!(!accepts(r#"{"k":[1]}"#, "String", "1"));
        assert!(accepts(r#"{"k":["b"]}"#, "String.Array", r#"["a","b"]"#));
        assert!(!accepts(r#"{"k":["b"]}"#, "String.Array", r#"["a"]"#));
        assert!(accepts(r#"{"k":[true]}"#, "String.Array", "[null,true,3]"));
        assert!(accepts(r#"{"k":[{"exists":false}]}"#, "String.Array", "no list"));
    }

    #[test]
    fn binary_attributes_are_ignored() {
        let policy = FilterPolicy::parse(r#"{"k":[{"exists":true}]}"#, Scope::Attributes).unwrap();
        let binary = MessageAttribute { data_type: "Binary".into(), value: AttributeValue::Binary(vec![1]) };
        assert!(!policy.accepts("", &BTreeMap::from([("k".to_owned(), binary)])));
    }

    #[test]
    fn a_body_that_is_no_object_is_not_wanted() {
        let policy = FilterPolicy::parse(r#"{"k":[{"anything-but":"x"}]}"#, Scope::Body).unwrap();
        assert!(policy.accepts(r#"{"k":"y"}"#, &BTreeMap::new()));
        for body in ["text", "[]", r#"{"k":"x"}"#, "{}"] {
            assert!(!policy.accepts(body, &BTreeMap::new()), "{body}");
        }
    }
}
