//! STS, as far as `aws sts get-caller-identity` goes.

use crate::{AwsError, Caller, Place};

/// The inner XML of an answer.
pub(crate) fn call(operation: &str, caller: &Caller, place: &Place) -> Result<String, AwsError> {
    match operation {
        "GetCallerIdentity" => Ok(format!(
            "<Arn>{}</Arn><UserId>{}</UserId><Account>{}</Account>",
            quick_xml::escape::escape(caller.arn(place)),
            quick_xml::escape::escape(caller.name.as_str()),
            place.account,
        )),
        other => Err(AwsError::new("InvalidAction", format!("{other} is not emulated."))),
    }
}
