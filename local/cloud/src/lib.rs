//! The AWS services that Souk stands on, emulated in process: DynamoDB with streams, SQS, SNS, SES,
//! Secrets Manager, and IAM in front of them. Knows nothing of Souk or of its template.

mod error;
pub mod pattern;
mod place;
pub mod sns;
pub mod sqs;

pub use error::AwsError;
pub use place::{Clock, Place};
