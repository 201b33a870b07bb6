//! Which records of a batch failed, as a function's answer tells.

use std::collections::BTreeSet;

use serde_json::{Value, value::RawValue};

use crate::engine::runner::Answer;

/// How a batch ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Every record is done.
    Done,
    /// Every record failed.
    Failed,
    /// These failed.
    Partly(BTreeSet<String>),
}

/// Reads an answer as Lambda does. Without partial responses any answer means that all is done; with them, what
/// doesn't name failed records properly means that all failed: an id that is no text, an empty one, another key.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>
pub(super) fn ended(answer: &Answer, partial: bool, known: impl Fn(&str) -> bool) -> Ended {
    match answer {
        Err(_) => Ended::Failed,
        Ok(_) if !partial => Ended::Done,
        Ok(answer) => read(answer, known).unwrap_or(Ended::Failed),
    }
}

fn read(answer: &RawValue, known: impl Fn(&str) -> bool) -> Option<Ended> {
    let answer: Value = serde_json::from_str(answer.get()).ok()?;
    let failures = match &answer {
        Value::Null => return Some(Ended::Done),
        Value::Object(map) if map.is_empty() => return Some(Ended::Done),
        Value::String(text) if text.is_empty() => return Some(Ended::Done),
        Value::Object(map) => match map.get("batchItemFailures") {
            // An answer about something else says nothing of failures.
            None | Some(Value::Null) => return Some(Ended::Done),
            Some(failures) => failures.as_array()?,
        },
        _ => return None,
    };
    let mut failed = BTreeSet::new();
    for failure in failures {
        let id = failure.get("itemIdentifier")?.as_str().filter(|id| !id.is_empty() && known(id))?;
        failed.insert(id.to_owned());
    }
    Some(if failed.is_empty() { Ended::Done } else { Ended::Partly(failed) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(answer: &str) -> Ended {
        let answer = Ok(RawValue::from_string(answer.to_owned()).unwrap());
        ended(&answer, true, |id| ["a", "b"].contains(&id))
    }

    #[test]
    fn empty_answers_are_successes() {
        for answer in ["null", "{}", "\"\"", r#"{"batchItemFailures":[]}"#, r#"{"batchItemFailures":null}"#] {
            assert_eq!(of(answer), Ended::Done, "{answer}");
        }
    }

    #[test]
    fn named_records_failed() {
        let answer =
            r#"{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"a"},{"itemIdentifier":"b"}]}"#;
        assert_eq!(of(answer), Ended::Partly(["a".to_owned(), "b".to_owned()].into()));
    }

    #[test]
    fn what_cannot_be_understood_fails_the_whole_batch() {
        for answer in [
            r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            r#"{"batchItemFailures":[{"itemId":"a"}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"unknown"}]}"#,
            r#"{"batchItemFailures":"a"}"#,
            "[]",
            "7",
        ] {
            assert_eq!(of(answer), Ended::Failed, "{answer}");
        }
    }

    #[test]
    fn without_partial_responses_the_answer_does_not_matter() {
        let answer =
            Ok(RawValue::from_string(r#"{"batchItemFailures":[{"itemIdentifier":"a"}]}"#.to_owned())
                .unwrap());
        assert_eq!(ended(&answer, false, |_| true), Ended::Done);
    }
}
