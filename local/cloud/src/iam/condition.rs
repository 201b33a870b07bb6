//! The `Condition` element.

use std::collections::BTreeMap;

use super::{document::PolicyError, wildcard::Wildcard};

/// One operator on one condition key.
#[derive(Debug)]
pub(super) struct Condition {
    key: String,
    test: Test,
    negated: bool,
    quantifier: Quantifier,
    /// `…IfExists`: holds where the key is unknown.
    if_exists: bool,
    values: Vec<Wildcard>,
}

#[derive(Clone, Copy, Debug)]
enum Test {
    Equals,
    EqualsIgnoringCase,
    Like,
    ArnLike,
    Null,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantifier {
    /// No quantifier: for keys of one value.
    One,
    ForAllValues,
    ForAnyValue,
}

impl Condition {
    pub(super) fn new(operator: &str, key: &str, values: Vec<String>) -> Result<Self, PolicyError> {
        let (quantifier, rest) = match operator.split_once(':') {
            Some(("ForAllValues", rest)) => (Quantifier::ForAllValues, rest),
            Some(("ForAnyValue", rest)) => (Quantifier::ForAnyValue, rest),
            Some(_) => return Err(PolicyError::Operator(operator.to_owned())),
            None => (Quantifier::One, operator),
        };
        let (name, if_exists) = rest.strip_suffix("IfExists").map_or((rest, false), |name| (name, true));
        let (test, negated) = match name {
            "StringEquals" => (Test::Equals, false),
            "StringNotEquals" => (Test::Equals, true),
            "StringEqualsIgnoreCase" | "Bool" => (Test::EqualsIgnoringCase, false),
            "StringNotEqualsIgnoreCase" => (Test::EqualsIgnoringCase, true),
            "StringLike" => (Test::Like, false),
            "StringNotLike" => (Test::Like, true),
            "ArnEquals" | "ArnLike" => (Test::ArnLike, false),
            "ArnNotEquals" | "ArnNotLike" => (Test::ArnLike, true),
            "Null" => (Test::Null, false),
            _ => return Err(PolicyError::Operator(operator.to_owned())),
        };
        let values = values.into_iter().map(Wildcard::new).collect();
        Ok(Self { key: key.to_ascii_lowercase(), test, negated, quantifier, if_exists, values })
    }

    pub(super) fn holds(&self, context: &BTreeMap<String, Vec<String>>) -> bool {
        let known = context.get(&self.key).filter(|values| !values.is_empty());
        if matches!(self.test, Test::Null) {
            let expected = if known.is_none() { "true" } else { "false" };
            return self.values.iter().any(|value| value.to_string().eq_ignore_ascii_case(expected));
        }
        let Some(known) = known else {
            // IAM: of no values, all match; and an unknown key is not equal to anything.
            return self.if_exists || self.quantifier == Quantifier::ForAllValues || self.negated;
        };
        let mut tests = known.iter().map(|value| self.test(value) != self.negated);
        match self.quantifier {
            Quantifier::ForAllValues => tests.all(|holds| holds),
            Quantifier::One | Quantifier::ForAnyValue => tests.any(|holds| holds),
        }
    }

    fn test(&self, value: &str) -> bool {
        self.values.iter().any(|expected| match self.test {
            Test::Equals => expected.to_string() == value,
            Test::EqualsIgnoringCase => expected.to_string().eq_ignore_ascii_case(value),
            Test::Like => expected.matches(value),
            Test::ArnLike => expected.matches_arn(value),
            Test::Null => false,
        })
    }
}
