//! `ReceiveRequestAttemptId`: a receive whose answer was lost can be repeated, in FIFO queues.

use std::collections::HashMap;

use super::dedup::WINDOW;

/// The receives of the last five minutes that carried an attempt id: the messages and their receipt.
#[derive(Debug, Default)]
pub(super) struct Attempts(HashMap<String, Attempt>);

#[derive(Debug)]
struct Attempt {
    at: i64,
    receipt: u64,
    messages: Vec<u64>,
}

impl Attempts {
    /// What that attempt received, if it was less than five minutes ago.
    pub fn find(&self, id: &str, now: i64) -> Option<(u64, &[u64])> {
        let attempt = self.0.get(id).filter(|attempt| attempt.at + WINDOW > now)?;
        Some((attempt.receipt, &attempt.messages))
    }

    pub fn remember(&mut self, id: &str, receipt: u64, messages: &[u64], at: i64) {
        self.0.retain(|_, attempt| attempt.at + WINDOW > at);
        self.0.insert(id.to_owned(), Attempt { at, receipt, messages: messages.to_vec() });
    }
}
