//! Filter criteria of an event-source mapping: a record that matches none of the patterns is passed over.

use std::collections::BTreeSet;

use serde_json::Value;
use souk_cloud::{dynamodb::StreamRecord, pattern::Pattern};

use crate::engine::market::MarketError;

/// The patterns of one source.
#[derive(Debug)]
pub(super) struct Filters {
    patterns: Vec<Filter>,
    /// The attributes of items that they ask about; none where that can't be told.
    attributes: Option<BTreeSet<String>>,
}

#[derive(Debug)]
struct Filter {
    pattern: Pattern,
    body: Body,
}

/// What a pattern expects a message's body to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    Anything,
    Text,
    Json,
}

impl Filters {
    pub(super) fn parse(patterns: &[Value], what: &str) -> Result<Self, MarketError> {
        let parse = |pattern: &Value| {
            let body = match pattern.get("body") {
                None => Body::Anything,
                Some(Value::Object(_)) => Body::Json,
                Some(_) => Body::Text,
            };
            let pattern = Pattern::parse(pattern).map_err(|error| MarketError::Make {
                what: format!("the filter of {what}"),
                reason: error.to_string(),
            })?;
            Ok(Filter { pattern, body })
        };
        Ok(Self {
            patterns: patterns.iter().map(parse).collect::<Result<_, MarketError>>()?,
            attributes: patterns
                .iter()
                .map(attributes)
                .collect::<Option<Vec<_>>>()
                .map(|all| all.concat().into_iter().collect()),
        })
    }

    /// Whether a stream's record passes. They ask about few of an item's attributes, and most records don't pass.
    pub(super) fn pass_record(&self, change: &StreamRecord, region: &str) -> bool {
        if self.patterns.is_empty() {
            return true;
        }
        let record = match &self.attributes {
            Some(attributes) => change.to_event_with(attributes, region),
            None => change.to_event(region),
        };
        self.patterns.iter().any(|filter| filter.pattern.matches(&record))
    }

    /// Whether a queue's message passes. A pattern for JSON drops a body that isn't JSON, and one for plain text
    /// drops a body that is.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html>
    pub(super) fn pass_message(&self, record: &Value) -> bool {
        if self.patterns.is_empty() {
            return true;
        }
        let body = record.get("body").and_then(Value::as_str).unwrap_or_default();
        let parsed: Option<Value> = serde_json::from_str(body).ok().filter(Value::is_object);
        self.patterns.iter().any(|filter| match (filter.body, &parsed) {
            (Body::Anything, _) | (Body::Text, None) => filter.pattern.matches(record),
            (Body::Json, Some(parsed)) => {
                let mut record = record.clone();
                if let Some(map) = record.as_object_mut() {
                    map.insert("body".to_owned(), parsed.clone());
                }
                filter.pattern.matches(&record)
            }
            (Body::Text, Some(_)) | (Body::Json, None) => false,
        })
    }
}

/// The attributes of images that a pattern names. None where it has alternatives, which may hide some.
fn attributes(pattern: &Value) -> Option<Vec<String>> {
    const ALTERNATIVES: &str = "$or";
    let change = pattern.get("dynamodb");
    let images = ["NewImage", "OldImage"].map(|image| change.and_then(|change| change.get(image)));
    let parts = [Some(pattern), change, images[0], images[1]];
    if parts.into_iter().flatten().any(|part| part.get(ALTERNATIVES).is_some()) {
        return None;
    }
    let names = images.into_iter().flatten().filter_map(Value::as_object).flat_map(|image| image.keys());
    Some(names.cloned().collect())
}
