//! The limit of one partition key: 1,000 write units and 3,000 read units a second.

use std::collections::HashMap;

use dynoxide::Item;
use jiff::Timestamp;
use serde_json::json;

use super::{DynamoDb, needs::text, tables::Tables};
use crate::{AwsError, Refusal, Units};

/// Units are counted in millionths, which refill by the microsecond without a fraction.
const MILLION: i64 = 1_000_000;

/// Reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Direction {
    Read,
    Write,
}

impl Direction {
    fn per_second(self) -> i64 {
        match self {
            Self::Read => 3_000,
            Self::Write => 1_000,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Read => "Read",
            Self::Write => "Write",
        }
    }
}

/// What is left for each partition key. A key not here has all of it.
#[derive(Default)]
pub(super) struct Throttle {
    buckets: HashMap<(Direction, String, String), Bucket>,
    /// When the full buckets were last dropped.
    swept: Timestamp,
}

struct Bucket {
    left: i64,
    at: Timestamp,
}

impl Bucket {
    fn refill(&mut self, direction: Direction, now: Timestamp) {
        let full = direction.per_second() * MILLION;
        let passed = i64::try_from(now.duration_since(self.at).as_micros()).unwrap_or(i64::MAX).max(0);
        self.left = self.left.saturating_add(passed.saturating_mul(direction.per_second())).min(full);
        self.at = now;
    }
}

impl Throttle {
    /// Whether the partition has anything left. A call is admitted on the last of it and may overdraw: its size
    /// is known only once it has run.
    pub(super) fn admits(&mut self, now: Timestamp, direction: Direction, table: &str, key: &str) -> bool {
        let Some(bucket) = self.buckets.get_mut(&(direction, table.to_owned(), key.to_owned())) else {
            return true;
        };
        bucket.refill(direction, now);
        bucket.left >= MILLION
    }

    /// Takes what a call consumed.
    pub(super) fn charge(
        &mut self,
        now: Timestamp,
        direction: Direction,
        (table, key): (&str, &str),
        units: Units,
    ) {
        self.sweep(now);
        let full = direction.per_second() * MILLION;
        let bucket = self
            .buckets
            .entry((direction, table.to_owned(), key.to_owned()))
            .or_insert_with(|| Bucket { left: full, at: now });
        bucket.refill(direction, now);
        let halves = i64::try_from(units.halves()).unwrap_or(i64::MAX);
        bucket.left = bucket.left.saturating_sub(halves.saturating_mul(MILLION / 2));
    }

    /// Forgets, once a second, the buckets that are full again.
    fn sweep(&mut self, now: Timestamp) {
        if now.duration_since(self.swept).as_secs() < 1 {
            return;
        }
        self.swept = now;
        self.buckets.retain(|(direction, ..), bucket| {
            bucket.refill(*direction, now);
            bucket.left < direction.per_second() * MILLION
        });
    }
}

/// The partition key of an item or key of `table`.
pub(super) fn key_of(tables: &Tables, table: &str, item: &Item) -> String {
    item.get(tables.hash_key(table, None)).and_then(text).unwrap_or_default()
}

impl DynamoDb {
    /// How a throttled call is refused.
    pub(super) fn throttled(&self, tables: &Tables, direction: Direction, table: &str) -> Refusal {
        let (code, message) = throttle_words(tables, table);
        let reason = format!("Table{}KeyRangeThroughputExceeded", direction.name());
        let resource = self.place.arn("dynamodb", &format!("table/{table}"));
        Refusal::from(AwsError::new(code, message))
            .with_member("ThrottlingReasons", json!([{"reason": reason, "resource": resource}]))
    }

    /// How a transaction is refused of which some elements are throttled.
    pub(super) fn canceled(&self, tables: &Tables, throttled: &[(&str, bool)]) -> Refusal {
        let reasons =
            throttled.iter().map(|(table, throttled)| match (throttled, throttle_words(tables, table)) {
                (false, _) => ("None", ""),
                (true, ("ThrottlingException", message)) => ("ThrottlingError", message),
                (true, (_, message)) => ("ProvisionedThroughputExceeded", message),
            });
        let reasons = reasons.collect::<Vec<_>>();
        let codes = reasons.iter().map(|(code, _)| *code).collect::<Vec<_>>().join(", ");
        let members = reasons.iter().map(|(code, message)| match *code {
            "None" => json!({"Code": code}),
            _ => json!({"Code": code, "Message": message}),
        });
        let message = format!(
            "Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
        );
        Refusal::from(AwsError::new("TransactionCanceledException", message))
            .with_member("CancellationReasons", members.collect())
    }
}

/// The code and message, which differ by how the table is billed.
fn throttle_words(tables: &Tables, table: &str) -> (&'static str, &'static str) {
    if tables.get(table).is_some_and(|table| table.on_demand) {
        let message = "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically \
                       scaling your table or index so please try again shortly. If exceptions persist, check if \
                       you have a hot key.";
        ("ThrottlingException", message)
    } else {
        let message = "The level of configured provisioned throughput for the table was exceeded. Consider \
                       increasing your provisioning level with the UpdateTable API.";
        ("ProvisionedThroughputExceededException", message)
    }
}
