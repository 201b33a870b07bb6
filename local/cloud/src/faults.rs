//! Where a test or a simulation makes calls go wrong.

use std::time::Duration;

use bytes::Bytes;

use crate::{Refusal, iam::Ask};

/// What a call is about, known before it runs.
#[derive(Clone, Debug)]
pub struct CallInfo {
    /// The caller's name.
    pub caller: String,
    /// The service, as IAM and endpoints name it: `dynamodb`, `sqs`, `sns`, `ses`, `secretsmanager`, `sts`.
    pub service: &'static str,
    /// The operation, such as `PutItem`.
    pub operation: String,
    /// The permissions it needs.
    pub asks: Vec<Ask>,
    /// The ARNs it is about.
    pub resources: Vec<String>,
    /// The partition keys it names, each with its table. DynamoDB only.
    pub keys: Vec<(String, String)>,
    /// Length of the request's body.
    pub request_bytes: usize,
}

/// What goes wrong with a call before it has done anything.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The service answers with an error: throttling, a conflict, an internal error.
    Refuse(Refusal),
    /// The connection fails; nothing reached the service.
    Disconnect,
    /// The service takes this long before it begins.
    Delay(Duration),
    /// The connection breaks at once, and the service hears of the call so much later: an effect that comes after
    /// the caller has given it up.
    Late(Duration),
}

/// What becomes of the answer of a call that has run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// The caller gets it.
    #[default]
    Deliver,
    /// The connection breaks: the caller can't know whether the call was done.
    Lose,
    /// The caller hears nothing until its own timeout.
    Silence,
    /// The caller gets it so much later.
    Delay(Duration),
}

/// Another request in place of one.
pub struct Rewritten {
    /// Its body.
    pub body: Bytes,
    /// Makes of the answer to it the answer to the one that was asked.
    pub answer: Box<dyn FnOnce(Bytes) -> Bytes + Send>,
}

/// Decides which calls go wrong, and how.
pub trait Faults: Send + Sync {
    /// Puts another body in place of a request's, before anybody reads it: to ask less than was asked for, or something
    /// else. Who it is from, and which service and operation it is for, is told.
    fn request(&self, caller: &str, service: &str, operation: &str, body: &Bytes) -> Option<Rewritten> {
        let _ = (caller, service, operation, body);
        None
    }

    /// Puts another body in place of what a service answered: as an index does that lags.
    fn answer(&self, call: &CallInfo, body: &Bytes) -> Option<Bytes> {
        let _ = (call, body);
        None
    }

    /// Asked before a call runs.
    fn before(&self, call: &CallInfo) -> Option<Fault> {
        let _ = call;
        None
    }

    /// Asked once a call has run and, if it succeeded, is committed.
    fn after(&self, call: &CallInfo) -> Delivery {
        let _ = call;
        Delivery::Deliver
    }
}

/// The caller gets no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The connection failed before the service heard of the call.
    #[error("connection refused")]
    Disconnected,
    /// The connection broke after the service had acted.
    #[error("connection reset before the answer arrived")]
    AnswerLost,
}
