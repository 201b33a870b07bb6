//! The errors of SNS.

use std::fmt::Display;

use http::StatusCode;

use crate::AwsError;

pub(super) fn invalid(message: impl Display) -> AwsError {
    AwsError::new("InvalidParameter", format!("Invalid parameter: {message}"))
}

/// What is wrong with the attributes of a message.
pub(super) fn bad_value(message: impl Into<String>) -> AwsError {
    AwsError::new("ParameterValueInvalid", message)
}

pub(super) fn no_such_topic() -> AwsError {
    AwsError::new("NotFound", "Topic does not exist").with_status(StatusCode::NOT_FOUND)
}

pub(super) fn no_such_subscription() -> AwsError {
    AwsError::new("NotFound", "Subscription does not exist").with_status(StatusCode::NOT_FOUND)
}

pub(super) fn no_such_resource() -> AwsError {
    AwsError::new("ResourceNotFound", "Resource does not exist").with_status(StatusCode::NOT_FOUND)
}
