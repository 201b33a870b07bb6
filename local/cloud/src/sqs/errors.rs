//! The errors of SQS, with the names of the JSON protocol.

use std::fmt::Display;

use http::StatusCode;

use crate::AwsError;

/// The code of the old query protocol for a code of the JSON protocol: what the header
/// `x-amzn-query-error` carries, and what many clients still show.
pub fn query_code(code: &str) -> &str {
    match code {
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue",
        "QueueNameExists" => "QueueAlreadyExists",
        "QueueDeletedRecently" => "AWS.SimpleQueueService.QueueDeletedRecently",
        "EmptyBatchRequest" => "AWS.SimpleQueueService.EmptyBatchRequest",
        "TooManyEntriesInBatchRequest" => "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        "BatchEntryIdsNotDistinct" => "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
        "BatchRequestTooLong" => "AWS.SimpleQueueService.BatchRequestTooLong",
        "InvalidBatchEntryId" => "AWS.SimpleQueueService.InvalidBatchEntryId",
        "MessageNotInflight" => "AWS.SimpleQueueService.MessageNotInflight",
        "PurgeQueueInProgress" => "AWS.SimpleQueueService.PurgeQueueInProgress",
        "UnsupportedOperation" => "AWS.SimpleQueueService.UnsupportedOperation",
        "InvalidParameterValueException" => "InvalidParameterValue",
        "MissingRequiredParameterException" => "MissingParameter",
        same => same,
    }
}

pub(super) fn no_such_queue() -> AwsError {
    AwsError::new("QueueDoesNotExist", "The specified queue does not exist.")
}

pub(super) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterValueException", message)
}

pub(super) fn invalid_value(parameter: &str, value: impl Display, reason: &str) -> AwsError {
    invalid(format!("Value {value} for parameter {parameter} is invalid. Reason: {reason}"))
}

pub(super) fn missing(parameter: &str) -> AwsError {
    let message = format!("The request must contain the parameter {parameter}.");
    AwsError::new("MissingRequiredParameterException", message)
}

pub(super) fn unknown_attribute(name: &str) -> AwsError {
    AwsError::new("InvalidAttributeName", format!("Unknown Attribute {name}."))
}

pub(super) fn bad_attribute(name: &str, reason: &str) -> AwsError {
    let reason = if reason.is_empty() { String::new() } else { format!(" Reason: {reason}") };
    AwsError::new("InvalidAttributeValue", format!("Invalid value for the parameter {name}.{reason}"))
}

pub(super) fn bad_handle() -> AwsError {
    AwsError::new("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")
        .with_status(StatusCode::NOT_FOUND)
}

pub(super) fn not_found(message: &str) -> AwsError {
    AwsError::new("ResourceNotFoundException", message).with_status(StatusCode::NOT_FOUND)
}

pub(super) fn internal(cause: impl Display) -> AwsError {
    AwsError::new("InternalError", cause.to_string()).with_status(StatusCode::INTERNAL_SERVER_ERROR)
}
