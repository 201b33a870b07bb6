//! Receipt handles: opaque to the client, for us the message and the receive that it came from.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::errors;
use crate::AwsError;

/// What a receipt handle says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Handle {
    /// The message.
    pub seq: u64,
    /// The receive.
    pub receipt: u64,
}

impl Handle {
    pub fn encode(&self, queue: &str) -> String {
        STANDARD.encode(format!("{}:{}:{queue}", self.seq, self.receipt))
    }

    /// Refuses what is no handle, and a handle of another queue.
    pub fn decode(text: &str, queue: &str) -> Result<Self, AwsError> {
        let read = || {
            let text = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
            let mut parts = text.splitn(3, ':');
            let (seq, receipt, of) = (parts.next()?, parts.next()?, parts.next()?);
            (of == queue).then_some(Self { seq: seq.parse().ok()?, receipt: receipt.parse().ok()? })
        };
        read().ok_or_else(errors::bad_handle)
    }
}
