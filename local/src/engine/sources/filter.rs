//! Filter criteria of an event-source mapping: a record that matches none of the patterns is passed over.

use serde_json::Value;
use souk_cloud::pattern::Pattern;

use crate::engine::market::MarketError;

/// The patterns of one source.
#[derive(Debug)]
pub(super) struct Filters(Vec<Filter>);

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
        patterns.iter().map(parse).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a stream's record passes.
    pub(super) fn pass(&self, record: &Value) -> bool {
        self.0.is_empty() || self.0.iter().any(|filter| filter.pattern.matches(record))
    }

    /// Whether a queue's message passes. A pattern for JSON drops a body that isn't JSON, and one for plain text
    /// drops a body that is.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html>
    pub(super) fn pass_message(&self, record: &Value) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let body = record.get("body").and_then(Value::as_str).unwrap_or_default();
        let parsed: Option<Value> = serde_json::from_str(body).ok().filter(Value::is_object);
        self.0.iter().any(|filter| match (filter.body, &parsed) {
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
