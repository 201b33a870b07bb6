//! The AWS services that Souk stands on, emulated in process: DynamoDB with streams, SQS, SNS, SES,
//! Secrets Manager, KMS, and IAM in front of them. Knows nothing of Souk or of its template.
//!
//! A [`Cloud`] is one account in one region. Real SDK clients reach it through [`Cloud::http_client`], anything
//! else through the loopback endpoint that [`Cloud::serve`] opens, and an event source through the typed
//! interface of each service.

mod call;
mod caller;
mod client;
mod cloud;
pub mod dynamodb;
mod error;
mod faults;
mod files;
mod guard;
pub mod iam;
pub mod kms;
pub mod objects;
mod observe;
pub mod pattern;
mod place;
mod refusal;
mod route;
pub mod secrets;
mod serve;
pub mod ses;
mod signal;
pub mod sns;
pub mod sqs;
mod sts;
mod wire;

pub use caller::{Access, Caller};
pub use cloud::{Cloud, CloudError, CloudOptions};
pub use error::AwsError;
pub use faults::{Broken, CallInfo, Delivery, Fault, Faults, Instead};
pub use guard::{Guard, guarded, present_guard};
pub use kms::Kms;
pub use objects::Objects;
pub use observe::{CallRecord, Capacity, Observer, Outcome, Units};
pub use place::{Clock, Place};
pub use refusal::Refusal;
pub use secrets::Secrets;
pub use ses::Ses;
pub use sns::Sns;
pub use sqs::Sqs;
