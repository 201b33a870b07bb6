//! Reads policy documents, and refuses what it would otherwise have to ignore.

use serde_json::{Map, Value};

use super::{
    condition::Condition,
    grants::Used,
    statement::{Effect, Scope, Statement},
    wildcard::Wildcard,
};

/// A policy document that can't be decided by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// An element is missing or of the wrong shape.
    #[error("policy statement: {0}")]
    Statement(String),
    /// An element that the policy language doesn't have, or that is not emulated.
    #[error("policy element {0} is not known")]
    Element(String),
    /// A condition operator that is not known.
    #[error("condition operator {0} is not known")]
    Operator(String),
    /// A policy variable, such as `${aws:username}`.
    #[error("policy variables are not emulated: {0}")]
    Variable(String),
}

pub(super) fn parse(document: &Value) -> Result<Vec<Statement>, PolicyError> {
    match document {
        Value::Array(documents) => {
            let parsed = documents.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
            Ok(parsed.into_iter().flatten().collect())
        }
        Value::Object(members) if members.contains_key("Effect") => Ok(vec![statement(members)?]),
        Value::Object(members) => {
            only(members, &["Version", "Id", "Statement"])?;
            parse(members.get("Statement").ok_or_else(|| missing("Statement"))?)
        }
        _ => Err(PolicyError::Statement("a policy is an object".to_owned())),
    }
}

fn statement(members: &Map<String, Value>) -> Result<Statement, PolicyError> {
    only(members, &["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"])?;
    let effect = match members.get("Effect").and_then(Value::as_str) {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        _ => return Err(PolicyError::Statement("Effect is Allow or Deny".to_owned())),
    };
    let actions = scope(members, "Action", "NotAction", Wildcard::ignoring_case)?;
    let resources = scope(members, "Resource", "NotResource", Wildcard::new)?;
    let conditions = members.get("Condition").map(conditions).transpose()?.unwrap_or_default();
    let used = Used::new(actions.rows(), resources.rows());
    Ok(Statement { effect, actions, resources, conditions, used })
}

fn scope(
    members: &Map<String, Value>,
    only: &str,
    all_but: &str,
    pattern: impl Fn(String) -> Wildcard,
) -> Result<Scope, PolicyError> {
    let patterns = |value| Ok(texts(value)?.into_iter().map(&pattern).collect());
    match (members.get(only), members.get(all_but)) {
        (Some(value), None) => patterns(value).map(Scope::Only),
        (None, Some(value)) => patterns(value).map(Scope::AllBut),
        _ => Err(PolicyError::Statement(format!("exactly one of {only} and {all_but}"))),
    }
}

fn conditions(value: &Value) -> Result<Vec<Condition>, PolicyError> {
    let wrong = || PolicyError::Statement("Condition is an object of objects".to_owned());
    let mut conditions = Vec::new();
    for (operator, keys) in value.as_object().ok_or_else(wrong)? {
        for (key, values) in keys.as_object().ok_or_else(wrong)? {
            conditions.push(Condition::new(operator, key, texts(values)?)?);
        }
    }
    Ok(conditions)
}

/// One text or a list of them; a condition may also have booleans and numbers.
fn texts(value: &Value) -> Result<Vec<String>, PolicyError> {
    let text = |value: &Value| match value {
        Value::String(text) if text.contains("${") => Err(PolicyError::Variable(text.clone())),
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        other => Err(PolicyError::Statement(format!("expected a text, found {other}"))),
    };
    match value {
        Value::Array(values) => values.iter().map(text).collect(),
        value => Ok(vec![text(value)?]),
    }
}

fn only(members: &Map<String, Value>, known: &[&str]) -> Result<(), PolicyError> {
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(PolicyError::Element(name.clone())),
        None => Ok(()),
    }
}

fn missing(element: &str) -> PolicyError {
    PolicyError::Statement(format!("{element} is missing"))
}
