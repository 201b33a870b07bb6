//! `ClientRequestToken`: the same transaction sent twice within ten minutes is done once.
//!
//! Kept here, by time, because `dynoxide` reads all tokens on each call, and the SDK sends a fresh one with every
//! transaction. The window is not kept across a restart: no client outlives the process that it is part of.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

const WINDOW: SignedDuration = SignedDuration::from_mins(10);

/// Transactions done in the last ten minutes, by token.
#[derive(Default)]
pub(super) struct Tokens {
    done: HashMap<String, Bytes>,
    order: VecDeque<(Timestamp, String)>,
}

/// What a token says of a transaction.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It is new.
    New,
    /// It is the one that was done.
    Same,
    /// Another one was done under the token.
    Other,
}

impl Tokens {
    pub(super) fn check(&mut self, now: Timestamp, token: &str, body: &Bytes) -> Known {
        self.expire(now);
        match self.done.get(token) {
            None => Known::New,
            Some(done) if same(done, body) => Known::Same,
            Some(_) => Known::Other,
        }
    }

    /// Remembers a transaction that is done.
    pub(super) fn remember(&mut self, now: Timestamp, token: &str, body: &Bytes) {
        self.done.insert(token.to_owned(), body.clone());
        self.order.push_back((now, token.to_owned()));
    }

    fn expire(&mut self, now: Timestamp) {
        while let Some((at, token)) = self.order.pop_front() {
            if now.duration_since(at) < WINDOW {
                self.order.push_front((at, token));
                break;
            }
            self.done.remove(&token);
        }
    }
}

/// The same transaction: its elements, in whatever order their members are written. How much the caller wants to
/// be told may differ.
fn same(one: &Bytes, other: &Bytes) -> bool {
    let elements = |body: &Bytes| {
        serde_json::from_slice::<Value>(body)
            .ok()
            .and_then(|mut body| body.get_mut("TransactItems").map(Value::take))
    };
    one == other || elements(one) == elements(other)
}
