//! DynamoDB's errors, from `dynoxide`'s.

use dynoxide::DynoxideError;
use http::StatusCode;
use serde_json::{Map, Value};

use crate::{AwsError, CallInfo, Refusal, Units};

/// The error as the wire has it: its code, message and further members (`Item`, `CancellationReasons`).
pub(super) fn refusal(error: &DynoxideError) -> Refusal {
    let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let code = error.error_type().rsplit('#').next().unwrap_or_default();
    let mut members: Map<String, Value> = serde_json::from_str(&error.to_json()).unwrap_or_default();
    for common in ["__type", "message", "Message"] {
        members.remove(common);
    }
    Refusal { error: AwsError::new(code, error.to_string()).with_status(status), members }
}

/// A body that could not be read. `dynoxide`'s readers mark what AWS calls a validation error.
pub(super) fn unreadable(operation: &str, error: &serde_json::Error) -> Refusal {
    let text = error.to_string();
    let plain = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    let enveloped = |message: &str| match operation {
        "PutItem" | "UpdateItem" | "DeleteItem" => format!("1 validation error detected: {message}"),
        _ => message.to_owned(),
    };
    let (code, message) = if let Some(rest) = text.strip_prefix("VALIDATION_AS_READ:") {
        ("ValidationException", rest.to_owned())
    } else if let Some(rest) = text.strip_prefix("SERIALIZATION_AS_READ:") {
        ("SerializationException", rest.to_owned())
    } else if let Some(rest) = plain.strip_prefix("VALIDATION_REQUEST:") {
        ("ValidationException", enveloped(rest))
    } else if let Some(rest) = plain.strip_prefix("VALIDATION:") {
        ("ValidationException", rest.to_owned())
    } else if let Some(rest) = plain.strip_prefix("SERIALIZATION:") {
        ("SerializationException", rest.to_owned())
    } else if error.is_data()
        && ["missing field", "unknown variant", "invalid type: null", "AttributeValue"]
            .iter()
            .any(|part| plain.contains(part))
    {
        ("ValidationException", plain.to_owned())
    } else {
        ("SerializationException", plain.to_owned())
    };
    AwsError::new(code, message).into()
}

/// What a failed condition is billed for each partition key: the write that was not made, which is at least one
/// unit, and two in a transaction. An item over 1 KB costs more on AWS; its size is not known here.
pub(super) fn cost_of_failure(refusal: &Refusal) -> Units {
    match refusal.error.code.as_str() {
        "ConditionalCheckFailedException" => Units::whole(1),
        "TransactionCanceledException" if failed_condition(refusal) => Units::whole(2),
        _ => Units::default(),
    }
}

/// The read and write units that a refused call is billed.
pub(crate) fn cost_of_refusal(call: &CallInfo, refusal: &Refusal) -> (Units, Units) {
    if call.service != "dynamodb" {
        return Default::default();
    }
    (Units::default(), call.keys.iter().map(|_| cost_of_failure(refusal)).sum())
}

fn failed_condition(refusal: &Refusal) -> bool {
    let reasons = refusal.members.get("CancellationReasons").and_then(Value::as_array);
    reasons.into_iter().flatten().any(|reason| reason["Code"] == "ConditionalCheckFailed")
}
