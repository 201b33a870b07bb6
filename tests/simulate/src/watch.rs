//! Sees every call and every commit as it happens, and tells the model, the trace and its hash.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
};

use serde_json::Value;
use souk::runtime::Clock;
use souk_cloud::{
    CallRecord, Cloud, Observer, Outcome,
    dynamodb::{Image, StreamRecord},
};

use crate::{
    hash::Hash,
    item,
    model::{Change, Model},
};

/// How long a batch of the stream takes at most: as long as its function may.
const BATCH_MILLIS: i64 = 30_000;

/// Sees all that happens in one run.
pub struct Watch {
    clock: Clock,
    place: OnceLock<Place>,
    state: Mutex<State>,
}

struct Place {
    cloud: Weak<Cloud>,
    events: String,
    state: String,
}

struct State {
    model: Model,
    hash: Hash,
    trace: Option<Vec<String>>,
    /// How far the streams of facts and of state are read.
    read: [u64; 2],
    calls: u64,
    commits: u64,
    /// When a mail left whose mark does not say so before its batch ends.
    mails: Vec<i64>,
    /// When something went wrong with who sends mails.
    mail_troubles: Vec<i64>,
    /// How many calls were throttled, by who made them and what the first key of each is of.
    throttled: BTreeMap<String, u64>,
    /// How many violations were told.
    told: usize,
}

impl Watch {
    /// Nobody to watch yet. The trace is kept where it is asked for.
    pub fn new(clock: Clock, traced: bool) -> Arc<Self> {
        let state = State {
            model: Model::default(),
            hash: Hash::default(),
            trace: traced.then(Vec::new),
            read: [0, 0],
            calls: 0,
            commits: 0,
            mails: Vec::new(),
            mail_troubles: Vec::new(),
            throttled: BTreeMap::new(),
            told: 0,
        };
        Arc::new(Self { clock, place: OnceLock::new(), state: Mutex::new(state) })
    }

    /// Watches `cloud` from now on, whose tables are called so.
    pub fn watch(&self, cloud: &Arc<Cloud>, events: String, state: String) {
        let _ = self.place.set(Place { cloud: Arc::downgrade(cloud), events, state });
        self.catch_up();
    }

    /// Asks the model.
    pub fn model<T>(&self, ask: impl FnOnce(&Model) -> T) -> T {
        ask(&self.state().model)
    }

    /// An event was published.
    pub fn published(&self, event: &str) {
        self.state().model.published(event);
    }

    /// Adds a line to the trace, and to its hash.
    pub fn say(&self, line: impl FnOnce() -> String) {
        let now = self.clock.now();
        self.state().say(now.as_millisecond(), line);
    }

    /// The trace's hash, its lines where they were kept, how many calls and how many commits there were.
    pub fn summary(&self) -> (u64, Vec<String>, u64, u64) {
        let mut state = self.state();
        (state.hash.value(), state.trace.take().unwrap_or_default(), state.calls, state.commits)
    }

    /// How many mails may have been sent once more: for each time that something went wrong with who sends them one, and
    /// those of the batch that it may have been in.
    pub fn mail_troubles(&self) -> usize {
        let state = self.state();
        let near =
            |trouble: i64| state.mails.iter().filter(move |sent| (trouble - **sent).abs() <= BATCH_MILLIS);
        state.mail_troubles.iter().map(|trouble| 1 + near(*trouble).count()).sum()
    }

    /// How many calls were throttled, by who made them and what the first key of each is of.
    pub fn throttled(&self) -> BTreeMap<String, u64> {
        self.state().throttled.clone()
    }

    /// Reads what was committed since the last time.
    pub fn catch_up(&self) {
        let Some(place) = self.place.get() else { return };
        let Some(cloud) = place.cloud.upgrade() else { return };
        let mut state = self.state();
        let facts = cloud.dynamodb.stream_records(&place.events, Some(state.read[0]), usize::MAX);
        let items = cloud.dynamodb.stream_records(&place.state, Some(state.read[1]), usize::MAX);
        let last = |records: &[StreamRecord], before| records.last().map_or(before, |record| record.sequence);
        state.read = [last(&facts, state.read[0]), last(&items, state.read[1])];
        if facts.is_empty() && items.is_empty() {
            return;
        }
        let records =
            facts.iter().map(|record| (true, record)).chain(items.iter().map(|record| (false, record)));
        let changes: Vec<Change<'_>> = records
            .map(|(fact, record)| Change {
                fact,
                pk: item::text(&record.keys, "pk"),
                sk: item::text(&record.keys, "sk"),
                new: record.new_image.as_ref().map(Image::value),
            })
            .collect();
        state.commit(self.clock.now().as_millisecond(), &changes);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Watch {
    fn called(&self, record: &CallRecord) {
        let now = self.clock.now().as_millisecond();
        {
            let mut state = self.state();
            state.calls += 1;
            let sends_mails = ["follow-orders", "send-notifications"].contains(&record.caller.as_str());
            if sends_mails && record.outcome != Outcome::Done {
                state.mail_troubles.push(now);
            } else if record.caller == "follow-orders" && record.operation == "SendEmail" {
                state.mails.push(now);
            }
            if let Outcome::Refused(code) = &record.outcome
                && (code.contains("Throttl") || code.contains("Throughput"))
            {
                let of = record.keys.first().map_or("", |(_, key)| family(key));
                *state.throttled.entry(format!("{} {of}", record.caller)).or_default() += 1;
            }
            state.say(now, || line_of(record));
        }
        let writes = ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"];
        let may_have = matches!(record.outcome, Outcome::Done | Outcome::AnswerLost);
        if may_have && writes.contains(&record.operation.as_str()) {
            self.catch_up();
        }
    }
}

impl State {
    fn say(&mut self, now: i64, line: impl FnOnce() -> String) {
        let line = line();
        self.hash.number(now.unsigned_abs());
        self.hash.bytes(line.as_bytes());
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{} {line}", clock_of(now)));
        }
    }

    fn commit(&mut self, now: i64, changes: &[Change<'_>]) {
        self.commits += 1;
        for change in changes {
            self.say(now, || committed(change));
        }
        self.model.commit(changes);
        let news: Vec<String> = self.model.violations()[self.told..].to_vec();
        self.told = self.model.violations().len();
        for violation in news {
            self.say(now, || format!("VIOLATION {violation}"));
        }
    }
}

/// The time of day, to the millisecond.
fn clock_of(millis: i64) -> String {
    let (seconds, millis) = (millis.div_euclid(1000), millis.rem_euclid(1000));
    format!("{:02}:{:02}:{:02}.{millis:03}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
}

fn line_of(record: &CallRecord) -> String {
    let mut line = format!("  {} {}", record.caller, record.operation);
    for (_, key) in &record.keys {
        let _ = write!(line, " {}", short(key));
    }
    match &record.outcome {
        Outcome::Done => {}
        Outcome::Refused(code) => _ = write!(line, " REFUSED {code}"),
        Outcome::Disconnected => line.push_str(" DISCONNECTED"),
        Outcome::AnswerLost => line.push_str(" ANSWER LOST"),
    }
    line
}

/// A key without the tenant it begins with.
fn short(key: &str) -> &str {
    key.splitn(3, '/').nth(2).unwrap_or(key)
}

/// What a key is of.
fn family(key: &str) -> &str {
    let key = if key.starts_with("store_") { short(key) } else { key };
    key.split('/').next().unwrap_or(key)
}

/// What a commit did to an item. What is sealed is left out: it differs from run to run.
fn committed(change: &Change<'_>) -> String {
    let (place, sk) = (short(change.pk), change.sk);
    let Some(image) = change.new.and_then(Value::as_object) else { return format!("    - {place} {sk}") };
    let mut told = String::new();
    for (name, value) in image.iter().filter(|(name, _)| !matches!(name.as_str(), "pk" | "sk" | "kind")) {
        let _ = write!(told, " {name}={}", item::plain(value));
    }
    format!("    + {place} {sk}{told}")
}
