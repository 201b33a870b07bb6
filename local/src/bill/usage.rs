//! What was used: everything billable, counted as AWS counts it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use souk_cloud::{CallRecord, Units};

use super::Prices;
use crate::engine::{Happening, RequestRecord, RunRecord};

/// What AWS bills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// Requests to the HTTP API, in 512 KB.
    ApiRequests,
    /// Invocations, the authorizer's among them.
    LambdaRequests,
    /// Megabyte-milliseconds in which functions worked, each invocation rounded up, as long as this machine took.
    LambdaMemory,
    /// Megabyte-milliseconds in which functions started, as long as the table of prices assumes.
    LambdaStarting,
    /// Megabyte-milliseconds in which functions waited for AWS, as long as the table of prices assumes.
    LambdaWaiting,
    /// Write request units, of tables and indexes.
    TableWrites,
    /// Read request units.
    TableReads,
    /// Requests to queues, in 64 KB: sent, received and deleted.
    QueueRequests,
    /// Requests to the topic, in 64 KB. What it hands to queues is free there.
    TopicPublishes,
    /// Calls of the key service.
    KeyRequests,
    /// Reads of secrets.
    SecretRequests,
    /// Mails.
    Mails,
}

impl Item {
    /// All of them, in the order in which a bill has them.
    pub const ALL: [Self; 12] = [
        Self::ApiRequests,
        Self::LambdaRequests,
        Self::LambdaStarting,
        Self::LambdaMemory,
        Self::LambdaWaiting,
        Self::TableWrites,
        Self::TableReads,
        Self::QueueRequests,
        Self::TopicPublishes,
        Self::KeyRequests,
        Self::SecretRequests,
        Self::Mails,
    ];

    /// What a bill calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ApiRequests => "HTTP API, requests",
            Self::LambdaRequests => "Lambda, requests",
            Self::LambdaStarting => "Lambda, starting (MB·ms)",
            Self::LambdaMemory => "Lambda, working (MB·ms)",
            Self::LambdaWaiting => "Lambda, waiting (MB·ms)",
            Self::TableWrites => "DynamoDB, write units",
            Self::TableReads => "DynamoDB, read units",
            Self::QueueRequests => "SQS, requests",
            Self::TopicPublishes => "SNS, requests",
            Self::KeyRequests => "KMS, requests",
            Self::SecretRequests => "Secrets Manager, requests",
            Self::Mails => "SES, mails",
        }
    }
}

/// What something is used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Share {
    /// The story that a bill is about.
    #[default]
    Story,
    /// What the sandbox keeps of payments, as the provider and the network behind it that it plays: no store that is
    /// live has it.
    Sandbox,
    /// What the clock does, whether or not anybody buys.
    Clock,
}

impl Share {
    /// What stands beside a bill, and is no part of it.
    pub const ASIDE: [Self; 2] = [Self::Sandbox, Self::Clock];

    /// What a bill calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Story => "all",
            Self::Sandbox => "the sandbox's own records",
            Self::Clock => "the sweeper, by the clock",
        }
    }

    fn of_function(name: &str) -> Self {
        if name == CLOCK { Self::Clock } else { Self::Story }
    }

    /// A call is the sandbox's where all that it is about lies under the sandbox's keys: `store/mode/sandbox/…`.
    fn of_call(call: &CallRecord) -> Self {
        let own = |key: &str| key.split('/').nth(2) == Some("sandbox");
        let sandbox = !call.keys.is_empty() && call.keys.iter().all(|(_, key)| own(key));
        if sandbox { Self::Sandbox } else { Self::of_function(&call.caller) }
    }
}

/// The function that looks once a minute for what was forgotten.
const CLOCK: &str = "sweep";

/// A kind of call, by caller, service and operation.
pub type Wrote = (String, &'static str, String);

/// Calls of one kind, and the capacity that they took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capacities {
    /// How many.
    pub calls: u64,
    /// Capacity read.
    pub read: Units,
    /// Capacity written.
    pub write: Units,
}

impl Capacities {
    fn add(&mut self, read: Units, write: Units) {
        self.calls += 1;
        self.read += read;
        self.write += write;
    }
}

/// What was used.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    counts: BTreeMap<(Share, Item), u64>,
    /// Calls to services, by caller and service.
    calls: BTreeMap<(Share, Wrote), Capacities>,
    /// Capacity by table, or by table and index.
    tables: BTreeMap<(String, Option<String>), Capacities>,
    /// Memory of each function that ran, in MB.
    memory: BTreeMap<String, u32>,
    /// How often each function ran.
    runs: BTreeMap<String, u64>,
}

/// SQS and SNS bill a request for each so many bytes that were begun.
const BLOCK: usize = 64 * 1024;
/// The HTTP API bills a request for each so many bytes that were begun.
const API_BLOCK: usize = 512 * 1024;
/// Messages that one receive or one batch of deletes holds.
const QUEUE_BATCH: usize = 10;

fn blocks(bytes: usize, block: usize) -> u64 {
    u64::try_from(bytes.div_ceil(block).max(1)).unwrap_or(u64::MAX)
}

impl Usage {
    /// Counts what happened.
    pub fn add(&mut self, happening: &Happening) {
        match happening {
            Happening::Request(RequestRecord { bytes, .. }) => {
                self.count(Item::ApiRequests, blocks(*bytes, API_BLOCK));
            }
            Happening::Run(run) => self.ran(run),
            Happening::Call(call) => self.called(call),
            Happening::Delivered { messages, failed, fresh, bytes, .. } => {
                let batches = |messages: usize| u64::try_from(messages.div_ceil(QUEUE_BATCH)).unwrap_or(0);
                let received = batches(*messages).max(blocks(*bytes, BLOCK));
                // Whoever sent them, each was sent once; SNS sends one by one.
                let sent = u64::try_from(*fresh).unwrap_or(0);
                self.count(Item::QueueRequests, sent + received + batches(messages - failed));
            }
            _ => {}
        }
    }

    fn count(&mut self, item: Item, quantity: u64) {
        self.count_for(Share::Story, item, quantity);
    }

    fn count_for(&mut self, share: Share, item: Item, quantity: u64) {
        *self.counts.entry((share, item)).or_default() += quantity;
    }

    fn ran(&mut self, run: &RunRecord) {
        let milliseconds = u64::try_from(run.busy.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
        let share = Share::of_function(&run.binary);
        self.count_for(share, Item::LambdaRequests, 1);
        self.count_for(share, Item::LambdaMemory, milliseconds.max(1) * u64::from(run.memory));
        self.memory.insert(run.binary.clone(), run.memory);
        *self.runs.entry(run.binary.clone()).or_default() += 1;
    }

    fn called(&mut self, call: &CallRecord) {
        let share = Share::of_call(call);
        let kind = (call.caller.clone(), call.service, call.operation.clone());
        self.calls.entry((share, kind)).or_default().add(call.read_units, call.write_units);
        match call.service {
            "dynamodb" => self.took(share, call),
            "sns" => self.count(Item::TopicPublishes, blocks(call.request_bytes, BLOCK)),
            "kms" => self.count(Item::KeyRequests, 1),
            "secretsmanager" => self.count(Item::SecretRequests, 1),
            "ses" => self.count(Item::Mails, 1),
            // What is sent to a queue is counted where it is received.
            _ => {}
        }
    }

    fn took(&mut self, share: Share, call: &CallRecord) {
        self.count_for(share, Item::TableReads, call.read_units.halves());
        self.count_for(share, Item::TableWrites, call.write_units.halves());
        let reads = call.read_units.halves() > 0;
        for share in &call.capacity {
            let (read, write) =
                if reads { (share.units, Units::default()) } else { (Units::default(), share.units) };
            self.tables.entry((share.table.clone(), share.index.clone())).or_default().add(read, write);
        }
        if call.capacity.is_empty() && call.write_units.halves() > 0 {
            // A condition that did not hold is billed too, and not told apart.
            let table = call.keys.first().map(|(table, _)| table.clone()).unwrap_or_default();
            self.tables.entry((table, None)).or_default().add(call.read_units, call.write_units);
        }
    }

    /// Counts a start of each function that ran: an environment was begun for it.
    pub fn start_cold(&mut self) {
        let by_the_clock = |name: &String| Share::of_function(name) == Share::Clock;
        let started = self.memory.iter().filter(|(name, _)| !by_the_clock(name));
        let memory = started.map(|(_, memory)| u64::from(*memory)).sum();
        self.count(Item::LambdaStarting, memory);
    }

    /// How much of `item` the story took: in halves of what it is priced by, since half a read unit is the least that is
    /// billed.
    pub fn halves(&self, item: Item, prices: &Prices) -> u64 {
        self.halves_of(Share::Story, item, prices)
    }

    /// As [`Usage::halves`], of what something else took. What a function worked is its run's, whatever it was for.
    pub fn halves_of(&self, share: Share, item: Item, prices: &Prices) -> u64 {
        let counted = self.counts.get(&(share, item)).copied().unwrap_or(0);
        match item {
            Item::TableReads | Item::TableWrites => counted,
            Item::LambdaWaiting => 2 * self.waited(share, prices),
            Item::LambdaStarting => 2 * counted * prices.starting(),
            _ => 2 * counted,
        }
    }

    /// Calls of functions, one after the other: those that a function makes side by side are counted as if it didn't,
    /// so this errs on the dear side.
    fn waited(&self, share: Share, prices: &Prices) -> u64 {
        let of_share = self.calls.iter().filter(|((of, _), _)| *of == share);
        let waits = of_share.map(|((_, (caller, service, _)), calls)| {
            let memory = self.memory.get(caller).copied().map_or(0, u64::from);
            memory * calls.calls * prices.waiting(service)
        });
        waits.sum()
    }

    /// Calls, by what they were for, and by caller, service and operation.
    pub fn calls(&self) -> impl Iterator<Item = (&(Share, Wrote), &Capacities)> {
        self.calls.iter()
    }

    /// Capacity by table, or by table and index.
    pub fn tables(&self) -> impl Iterator<Item = (&(String, Option<String>), &Capacities)> {
        self.tables.iter()
    }

    /// How often each function ran.
    pub fn runs(&self) -> impl Iterator<Item = (&str, u64)> {
        self.runs.iter().map(|(function, runs)| (function.as_str(), *runs))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use souk_cloud::Outcome;

    use super::*;

    fn put(caller: &str, keys: &[&str]) -> CallRecord {
        CallRecord {
            caller: caller.to_owned(),
            service: "dynamodb",
            operation: "PutItem".to_owned(),
            asks: Vec::new(),
            resources: Vec::new(),
            keys: keys.iter().map(|key| ("souk-state".to_owned(), (*key).to_owned())).collect(),
            outcome: Outcome::Done,
            lacking: None,
            read_units: Units::default(),
            write_units: Units::whole(1),
            capacity: Vec::new(),
            request_bytes: 100,
            response_bytes: 2,
            duration: Duration::ZERO,
        }
    }

    #[test]
    fn what_is_the_sandboxs_alone_is_no_part_of_the_story() {
        let mut usage = Usage::default();
        for (caller, keys) in [
            ("advance-orders", &["store_1/test/sandbox/ord_1"][..]),
            // Of something else as well, of something named so, and of nobody.
            ("advance-orders", &["store_1/test/sandbox/ord_1", "store_1/test/stock/MUG"]),
            ("advance-orders", &["store_1/test/stock/sandbox"]),
            ("advance-orders", &[]),
            ("sweep", &["store_1/test/orders"]),
        ] {
            usage.add(&Happening::Call(Box::new(put(caller, keys))));
        }
        let prices = Prices::listed().unwrap();
        let written = |share| usage.halves_of(share, Item::TableWrites, &prices) / 2;
        assert_eq!([Share::Story, Share::Sandbox, Share::Clock].map(written), [3, 1, 1]);
        assert_eq!(usage.halves(Item::TableWrites, &prices), 6);
        let bill = prices.bill(&usage, 1).unwrap();
        let per_unit = prices.of(Item::TableWrites, 1, 1).unwrap();
        assert_eq!(bill.aside.iter().map(|(_, cost)| *cost).collect::<Vec<_>>(), [per_unit, per_unit]);
    }
}
