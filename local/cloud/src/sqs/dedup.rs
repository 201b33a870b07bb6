//! Deduplication in FIFO queues and topics: for five minutes, a deduplication id is accepted without a second message.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// How long a deduplication id counts, in milliseconds.
pub(crate) const WINDOW: i64 = 5 * 60 * 1000;

/// What the sender of a duplicate is told: the first message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct First {
    pub message_id: String,
    pub number: String,
}

/// The scope (a group, or none for the whole queue) and the deduplication id.
pub(crate) type Key = (Option<Arc<str>>, String);

/// The deduplication ids of the last five minutes.
#[derive(Debug, Default)]
pub(crate) struct Dedup {
    seen: HashMap<Key, First>,
    /// In order of time.
    ages: VecDeque<(i64, Key)>,
}

impl Dedup {
    pub fn first(&mut self, key: &Key, now: i64) -> Option<&First> {
        while let Some((at, _)) = self.ages.front()
            && at + WINDOW <= now
        {
            if let Some((_, old)) = self.ages.pop_front() {
                self.seen.remove(&old);
            }
        }
        self.seen.get(key)
    }

    pub fn remember(&mut self, key: Key, first: First, at: i64) {
        self.ages.push_back((at, key.clone()));
        self.seen.insert(key, first);
    }
}
