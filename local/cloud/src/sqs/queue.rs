//! One queue: its messages, and where each of them is. Every step takes logarithmic time.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use tokio::sync::Notify;

use super::{
    attempts::Attempts,
    dedup::{Dedup, Key},
    line::Line,
    message::{Message, Whereabouts},
    settings::Settings,
};

/// How many messages of a queue may be in flight.
pub(super) const MAX_IN_FLIGHT: usize = 120_000;

/// What must be saved of a queue.
#[derive(Debug)]
pub(super) enum Change {
    /// The queue itself: attributes or tags.
    Queue,
    /// A message came.
    Added(u64),
    /// A message was received, hidden or shown.
    Moved(u64),
    /// A message went.
    Removed(u64),
    /// Everything went.
    Emptied,
    /// A deduplication id was used.
    Deduplicated { key: Key, first: super::dedup::First, at: i64 },
}

/// A queue.
#[derive(Debug)]
pub(super) struct Queue {
    pub name: String,
    pub arn: String,
    pub settings: Settings,
    pub tags: BTreeMap<String, String>,
    /// Milliseconds.
    pub created: i64,
    pub modified: i64,
    pub purged: Option<i64>,
    pub dedup: Dedup,
    pub attempts: Attempts,
    pub max_in_flight: usize,
    /// Told when a message may have become visible, or will sooner than it seemed.
    pub changed: Arc<Notify>,
    messages: HashMap<u64, Message>,
    line: Line,
    in_flight: BTreeSet<(i64, u64)>,
    delayed: BTreeSet<(i64, u64)>,
    ages: BTreeSet<(i64, u64)>,
    /// `None` when nothing is saved.
    pub journal: Option<Vec<Change>>,
}

/// What one receive took out of the line.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub received: Vec<u64>,
    /// Received too often before: gone from this queue.
    pub dead: Vec<Message>,
}

impl Queue {
    pub fn new(name: String, arn: String, settings: Settings, now: i64, saved: bool) -> Self {
        Self {
            name,
            arn,
            line: Line::new(settings.fifo),
            settings,
            tags: BTreeMap::new(),
            created: now,
            modified: now,
            purged: None,
            dedup: Dedup::default(),
            attempts: Attempts::default(),
            max_in_flight: MAX_IN_FLIGHT,
            changed: Arc::new(Notify::new()),
            messages: HashMap::new(),
            in_flight: BTreeSet::new(),
            delayed: BTreeSet::new(),
            ages: BTreeSet::new(),
            journal: saved.then(Vec::new),
        }
    }

    pub fn record(&mut self, change: Change) {
        if let Some(journal) = &mut self.journal {
            journal.push(change);
        }
    }

    pub fn get(&self, seq: u64) -> Option<&Message> {
        self.messages.get(&seq)
    }

    pub fn visible(&self) -> usize {
        self.messages.len() - self.in_flight.len() - self.delayed.len()
    }

    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    pub fn delayed(&self) -> usize {
        self.delayed.len()
    }

    /// When the next hidden message becomes visible.
    pub fn next_due(&self) -> Option<i64> {
        let first = |set: &BTreeSet<(i64, u64)>| set.first().map(|(at, _)| *at);
        first(&self.in_flight).into_iter().chain(first(&self.delayed)).min()
    }

    /// Brings the queue to `now`: what is too old goes, what was hidden long enough comes back.
    pub fn settle(&mut self, now: i64) {
        while let Some(&(enqueued, seq)) = self.ages.first()
            && enqueued.saturating_add(self.settings.retention) <= now
        {
            self.remove(seq);
        }
        while let Some(&(until, seq)) = self.delayed.first()
            && until <= now
        {
            self.delayed.pop_first();
            self.show(seq, until);
        }
        while let Some(&(until, seq)) = self.in_flight.first()
            && until <= now
        {
            self.in_flight.pop_first();
            self.show(seq, until);
            let group = self.messages.get(&seq).and_then(|message| message.content.group.clone());
            self.line.done(group.as_ref());
        }
    }

    /// A hidden message, already out of its set, becomes visible.
    fn show(&mut self, seq: u64, since: i64) {
        if let Some(message) = self.messages.get_mut(&seq) {
            message.whereabouts = Whereabouts::Visible(since);
            self.line.enter(since, seq, message.content.group.as_ref());
        }
    }

    /// Puts a message where its `whereabouts` say.
    pub fn insert(&mut self, message: Message) {
        let (seq, group) = (message.seq, message.content.group.as_ref());
        match message.whereabouts {
            Whereabouts::Visible(since) => self.line.enter(since, seq, group),
            Whereabouts::Delayed(until) => {
                self.delayed.insert((until, seq));
            }
            Whereabouts::InFlight(until) => {
                self.in_flight.insert((until, seq));
                self.line.withdraw(until, seq, group);
            }
        }
        self.ages.insert((message.enqueued, seq));
        self.messages.insert(seq, message);
        self.record(Change::Added(seq));
        self.changed.notify_waiters();
    }

    /// Takes a message out of the queue, wherever it is.
    pub fn remove(&mut self, seq: u64) -> Option<Message> {
        let message = self.messages.remove(&seq)?;
        let group = message.content.group.as_ref();
        match message.whereabouts {
            Whereabouts::Visible(since) => self.line.leave(since, seq, group),
            Whereabouts::Delayed(until) => {
                self.delayed.remove(&(until, seq));
            }
            Whereabouts::InFlight(until) => {
                self.in_flight.remove(&(until, seq));
                self.line.done(group);
            }
        }
        self.ages.remove(&(message.enqueued, seq));
        self.record(Change::Removed(seq));
        if self.settings.fifo {
            // The next of its group may be received now.
            self.changed.notify_waiters();
        }
        Some(message)
    }

    /// Receives up to `max` messages and hides them until `until`. What was received `limit` times before
    /// is not received again but taken out.
    pub fn take(&mut self, max: usize, limit: Option<u32>, until: i64, now: i64, receipt: u64) -> Taken {
        let mut taken = Taken::default();
        while taken.received.len() < max {
            let seqs = self.line.take(max - taken.received.len());
            if seqs.is_empty() {
                break;
            }
            for seq in seqs {
                let Some(message) = self.messages.get_mut(&seq) else { continue };
                message.whereabouts = Whereabouts::InFlight(until);
                self.in_flight.insert((until, seq));
                if limit.is_some_and(|limit| message.receives >= limit) {
                    taken.dead.extend(self.remove(seq));
                    continue;
                }
                message.receives += 1;
                message.first_received.get_or_insert(now);
                message.last_received = Some(now);
                message.receipt = receipt;
                self.record(Change::Moved(seq));
                taken.received.push(seq);
            }
        }
        taken
    }

    /// Hides a message until then; a moment that has come shows it.
    pub fn hide(&mut self, seq: u64, until: i64) {
        let Some(message) = self.messages.get_mut(&seq) else { return };
        let group = message.content.group.as_ref();
        match message.whereabouts {
            Whereabouts::Visible(since) => self.line.withdraw(since, seq, group),
            Whereabouts::InFlight(old) => {
                self.in_flight.remove(&(old, seq));
            }
            Whereabouts::Delayed(_) => return,
        }
        message.whereabouts = Whereabouts::InFlight(until);
        self.in_flight.insert((until, seq));
        self.record(Change::Moved(seq));
        self.changed.notify_waiters();
    }

    /// Changes the delay of what is delayed already, as FIFO queues do when their attribute changes.
    pub fn delay_again(&mut self, by: i64) {
        for (until, seq) in std::mem::take(&mut self.delayed) {
            let Some(message) = self.messages.get_mut(&seq) else { continue };
            let until = until.saturating_add(by);
            message.whereabouts = Whereabouts::Delayed(until);
            self.delayed.insert((until, seq));
            self.record(Change::Moved(seq));
        }
        self.changed.notify_waiters();
    }

    /// Takes every message out.
    pub fn purge(&mut self) {
        self.line = Line::new(self.settings.fifo);
        self.messages.clear();
        self.in_flight.clear();
        self.delayed.clear();
        self.ages.clear();
        self.record(Change::Emptied);
    }

    /// The first messages that could be moved to another queue, in order of arrival.
    pub fn movable(&self, max: usize) -> Vec<u64> {
        let visible = |seq: &u64| {
            self.messages
                .get(seq)
                .is_some_and(|message| matches!(message.whereabouts, Whereabouts::Visible(_)))
        };
        self.ages.iter().map(|(_, seq)| *seq).filter(visible).take(max).collect()
    }
}
