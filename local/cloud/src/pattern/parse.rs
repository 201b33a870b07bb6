//! Reading patterns, with the refusals of AWS.

use serde_json::{Map, Value};

use super::{
    Field, Node,
    test::{Network, Range, Test},
};

/// Which service's operators are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// EventBridge and event-source mappings.
    Events,
    /// The filter policies of SNS: no `wildcard`, numbers up to a billion.
    FilterPolicy,
}

/// Why a pattern is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(pub String);

type Parsed<T> = Result<T, PatternError>;

fn refuse<T>(why: impl Into<String>) -> Parsed<T> {
    Err(PatternError(why.into()))
}

pub(super) fn root(pattern: &Value, dialect: Dialect) -> Parsed<Node> {
    match pattern {
        Value::Object(object) if object.is_empty() && dialect == Dialect::Events => {
            refuse("Empty patterns are not allowed")
        }
        Value::Object(object) => node(object, dialect),
        _ => refuse("Filter is not an object"),
    }
}

fn node(object: &Map<String, Value>, dialect: Dialect) -> Parsed<Node> {
    let mut node = Node::default();
    for (name, value) in object {
        match value {
            Value::Array(items) if name == "$or" && is_choice(items) => {
                node.choices
                    .push(items.iter().map(|item| alternative(item, dialect)).collect::<Parsed<_>>()?);
            }
            Value::Array(items) if items.is_empty() => return refuse("Empty arrays are not allowed"),
            Value::Array(items) => {
                let tests = items.iter().map(|item| leaf(item, dialect)).collect::<Parsed<_>>()?;
                node.fields.push((name.clone(), Field::Leaf(tests)));
            }
            Value::Object(inner) if inner.is_empty() => return refuse("Empty objects are not allowed"),
            Value::Object(inner) => {
                node.fields.push((name.clone(), Field::Nested(self::node(inner, dialect)?)));
            }
            _ => return refuse(format!("\"{name}\" must be an object or an array")),
        }
    }
    Ok(node)
}

/// `$or` chooses when it lists two objects or more, none of which is an operator; else it is a field's name.
fn is_choice(items: &[Value]) -> bool {
    let plain = |item: &Value| {
        let object = item.as_object();
        object.is_some_and(|object| !object.is_empty() && !object.keys().any(|key| is_operator(key)))
    };
    items.len() >= 2 && items.iter().all(plain)
}

fn is_operator(key: &str) -> bool {
    let operators =
        ["exists", "prefix", "suffix", "equals-ignore-case", "anything-but", "numeric", "cidr", "wildcard"];
    operators.contains(&key)
}

fn alternative(item: &Value, dialect: Dialect) -> Parsed<Node> {
    match item {
        Value::Object(object) => node(object, dialect),
        _ => refuse("Only objects are allowed in $or"),
    }
}

fn leaf(item: &Value, dialect: Dialect) -> Parsed<Test> {
    match item {
        Value::Object(operator) => {
            let mut entries = operator.iter();
            match (entries.next(), entries.next()) {
                (Some((name, operand)), None) => test(name, operand, dialect),
                (Some(_), Some(_)) => refuse("Only one key allowed in match expression"),
                (None, _) => refuse("Empty objects are not allowed"),
            }
        }
        Value::Array(_) => refuse("Match value must be String, number, true, false, or null"),
        scalar => Ok(Test::Equals(scalar.clone())),
    }
}

fn test(name: &str, operand: &Value, dialect: Dialect) -> Parsed<Test> {
    let text = || match operand {
        Value::String(text) => Ok(text.clone()),
        _ => refuse(format!("{name} match pattern must be a string")),
    };
    match name {
        "prefix" | "suffix" => affix(name, operand, dialect),
        "equals-ignore-case" => Ok(Test::EqualsIgnoreCase(text()?.to_lowercase())),
        "wildcard" if dialect == Dialect::Events => {
            let pattern = text()?;
            if pattern.contains("**") {
                return refuse("Consecutive wildcard characters");
            }
            Ok(Test::Wildcard(pattern))
        }
        "exists" => match operand {
            Value::Bool(wanted) => Ok(Test::Exists(*wanted)),
            _ => refuse("exists match pattern must be either true or false."),
        },
        "cidr" => {
            let text = text()?;
            Network::parse(&text)
                .map(Test::Cidr)
                .ok_or_else(|| PatternError(format!("Malformed CIDR: {text}")))
        }
        "numeric" => match operand {
            Value::Array(terms) => numeric(terms, dialect).map(Test::Numeric),
            _ => refuse("Value of numeric must be an array."),
        },
        "anything-but" => anything_but(operand, dialect).map(Test::AnythingBut),
        unknown => refuse(format!("Unrecognized match type {unknown}")),
    }
}

/// A prefix or suffix, which EventBridge also takes without regard to case.
fn affix(name: &str, operand: &Value, dialect: Dialect) -> Parsed<Test> {
    match operand {
        Value::String(text) if name == "prefix" => Ok(Test::Prefix(text.clone())),
        Value::String(text) => Ok(Test::Suffix(text.clone())),
        Value::Object(object) if object.len() == 1 && dialect == Dialect::Events => {
            match (name, object.get("equals-ignore-case")) {
                ("prefix", Some(Value::String(text))) => Ok(Test::PrefixIgnoreCase(text.to_lowercase())),
                (_, Some(Value::String(text))) => Ok(Test::SuffixIgnoreCase(text.to_lowercase())),
                _ => refuse(format!("{name} match pattern must be a string")),
            }
        }
        _ => refuse(format!("{name} match pattern must be a string")),
    }
}

fn anything_but(operand: &Value, dialect: Dialect) -> Parsed<Vec<Test>> {
    let plain = |value: &Value| match value {
        Value::String(_) | Value::Number(_) => Ok(Test::Equals(value.clone())),
        _ => refuse("Inside anything-but list, either all values must be strings or all must be numbers"),
    };
    match operand {
        Value::Array(values) => {
            let (first, mixed) = (values.first(), "Inside anything but list, mixed types are not supported");
            let Some(first) = first else { return refuse("Empty arrays are not allowed") };
            if values.iter().any(|value| value.is_string() != first.is_string()) {
                return refuse(mixed);
            }
            values.iter().map(plain).collect()
        }
        Value::Object(object) => {
            let mut entries = object.iter();
            let (Some((name, operand)), None) = (entries.next(), entries.next()) else {
                return refuse("Only one key allowed in match expression");
            };
            if !matches!(name.as_str(), "prefix" | "suffix" | "equals-ignore-case" | "wildcard") {
                return refuse(format!("Unsupported anything-but pattern: {name}"));
            }
            let operands = operand.as_array().map_or(std::slice::from_ref(operand), Vec::as_slice);
            operands.iter().map(|operand| test(name, operand, dialect)).collect()
        }
        Value::Bool(_) | Value::Null => {
            refuse("Value of anything-but must be an array or single string/number value.")
        }
        single => Ok(vec![plain(single)?]),
    }
}

/// `["=", x]`, `["<", x]`, …, or a lower and an upper bound.
fn numeric(terms: &[Value], dialect: Dialect) -> Parsed<Range> {
    let limit = if dialect == Dialect::FilterPolicy { 1e9 } else { 5e9 };
    let number = |at: usize, operator: &str| {
        let value = terms.get(at).and_then(Value::as_f64);
        match value {
            Some(value) if value.abs() <= limit => Ok(value),
            Some(value) => refuse(format!("Value of {operator} is out of range: {value}")),
            None => refuse(format!("Value of {operator} must be numeric")),
        }
    };
    let operator = match terms.first() {
        Some(Value::String(operator)) => operator.as_str(),
        Some(other) => return refuse(format!("Invalid member in numeric match: {other}")),
        None => return refuse("Invalid member in numeric match: ]"),
    };
    let mut range = Range::default();
    let lower = match operator {
        "=" => {
            let bound = Some((number(1, "equals")?, true));
            range = Range { low: bound, high: bound };
            false
        }
        "<" | "<=" => {
            range.high = Some((number(1, operator)?, operator == "<="));
            false
        }
        ">" | ">=" => {
            range.low = Some((number(1, operator)?, operator == ">="));
            true
        }
        unknown => return refuse(format!("Unrecognized numeric range operator: {unknown}")),
    };
    match (lower, terms.get(2), terms.len()) {
        (_, None, _) => Ok(range),
        (false, Some(_), _) => refuse("Too many elements in numeric expression"),
        (true, Some(Value::String(operator)), length) if operator == "<" || operator == "<=" => {
            let top = number(3, operator)?;
            if length > 4 {
                return refuse("Too many terms in numeric range expression");
            }
            if range.low.is_some_and(|(bottom, _)| bottom >= top) {
                return refuse("Bottom must be less than top");
            }
            range.high = Some((top, operator == "<="));
            Ok(range)
        }
        (true, Some(Value::String(operator)), _) => refuse(format!("Bad numeric range operator: {operator}")),
        (true, Some(other), _) => refuse(format!("Bad value in numeric range: {other}")),
    }
}
