//! Event patterns: what EventBridge, the filters of event-source mappings and the filter policies of SNS
//! match JSON with.
//!
//! A pattern is an object with the shape of the event; each leaf is a list of alternatives, one of which
//! the event's value must meet. Where the event has a list, one of its elements must.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html>

mod parse;
mod test;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

pub use parse::{Dialect, PatternError};
use test::Test;

/// A pattern for JSON.
#[derive(Clone, Debug)]
pub struct Pattern {
    root: Node,
}

/// What an object must meet: all of its fields, and of each `$or` one alternative.
#[derive(Clone, Debug, Default)]
struct Node {
    fields: Vec<(String, Field)>,
    choices: Vec<Vec<Node>>,
}

#[derive(Clone, Debug)]
enum Field {
    Leaf(Vec<Test>),
    Nested(Node),
}

impl Pattern {
    /// Reads a pattern as EventBridge and event-source mappings have it.
    ///
    /// # Errors
    /// It is not one; the message says where.
    pub fn parse(pattern: &Value) -> Result<Self, PatternError> {
        Self::parse_as(pattern, Dialect::Events)
    }

    /// Reads a pattern with the operators of one service.
    ///
    /// # Errors
    /// It is not one; the message says where.
    pub fn parse_as(pattern: &Value, dialect: Dialect) -> Result<Self, PatternError> {
        Ok(Self { root: parse::root(pattern, dialect)? })
    }

    /// Whether `data` has what the pattern asks for.
    pub fn matches(&self, data: &Value) -> bool {
        match data {
            Value::Object(object) => self.root.matches(Some(object)),
            _ => false,
        }
    }

    /// How many combinations of values the pattern has: lists multiply, weighted by their depth, and the
    /// alternatives of an `$or` add up.
    pub fn combinations(&self) -> usize {
        self.root.combinations(1)
    }

    /// Whether a leaf is below another field.
    pub fn is_nested(&self) -> bool {
        self.root.is_nested()
    }

    /// How many keys the pattern has at its top, those within `$or` included.
    pub fn top_level_keys(&self) -> usize {
        self.root.keys()
    }
}

impl Node {
    fn matches(&self, object: Option<&Map<String, Value>>) -> bool {
        let field =
            |(name, field): &(String, Field)| field.matches(object.and_then(|object| object.get(name)));
        let choice = |choice: &Vec<Self>| choice.iter().any(|node| node.matches(object));
        self.fields.iter().all(field) && self.choices.iter().all(choice)
    }

    /// Of a list, one object must meet the whole node: its fields can't be gathered from several.
    fn matches_value(&self, value: Option<&Value>) -> bool {
        match value {
            Some(Value::Object(object)) => self.matches(Some(object)),
            Some(Value::Array(items)) if !items.is_empty() => {
                items.iter().any(|item| self.matches_value(Some(item)))
            }
            _ => self.matches(None),
        }
    }

    fn combinations(&self, depth: usize) -> usize {
        let field = |(_, field): &(String, Field)| match field {
            Field::Leaf(tests) => tests.len().saturating_mul(depth),
            Field::Nested(node) => node.combinations(depth + 1),
        };
        let choice = |choice: &Vec<Self>| {
            choice.iter().fold(0_usize, |sum, node| sum.saturating_add(node.combinations(depth)))
        };
        let factors = self.fields.iter().map(field).chain(self.choices.iter().map(choice));
        factors.fold(1_usize, usize::saturating_mul)
    }

    fn is_nested(&self) -> bool {
        self.fields.iter().any(|(_, field)| matches!(field, Field::Nested(_)))
            || self.choices.iter().flatten().any(Self::is_nested)
    }

    fn keys(&self) -> usize {
        self.fields.len() + self.choices.iter().flatten().map(Self::keys).sum::<usize>()
    }
}

impl Field {
    fn matches(&self, value: Option<&Value>) -> bool {
        match self {
            Self::Leaf(tests) => tests.iter().any(|test| test.matches(value)),
            Self::Nested(node) => node.matches_value(value),
        }
    }
}
