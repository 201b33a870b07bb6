//! The stream of each table, read by sequence number.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::{DynamoDb, ViewType, checkpoints::trim, images::Image};
use crate::{signal::Changes, sqs::ids::uuid};

/// Streams keep a record for a day, consumed or not.
const RETENTION: SignedDuration = SignedDuration::from_hours(24);

/// Public sequence numbers have 21 digits, so that they sort as text too.
const SEQUENCE_BASE: u128 = 100_000_000_000_000_000_000;

/// What happened to an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventName {
    /// It is new.
    Insert,
    /// It was changed.
    Modify,
    /// It was deleted.
    Remove,
}

impl EventName {
    /// As AWS writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Insert => "INSERT",
            Self::Modify => "MODIFY",
            Self::Remove => "REMOVE",
        }
    }
}

/// One change of one item.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamRecord {
    /// Its place in the table's stream.
    pub sequence: u64,
    /// Unique over all streams.
    pub event_id: String,
    /// What happened.
    pub event_name: EventName,
    /// The item's key, as DynamoDB JSON.
    pub keys: Value,
    /// The item after the change, if the stream's view has it.
    pub new_image: Option<Image>,
    /// The item before the change, if the stream's view has it.
    pub old_image: Option<Image>,
    /// When, to the second.
    pub created: Timestamp,
    /// Length of keys and images.
    pub size_bytes: usize,
    /// What the stream's records carry.
    pub view_type: ViewType,
    /// Whether DynamoDB deleted the item because its time to live had passed.
    pub expired: bool,
}

impl StreamRecord {
    /// The sequence number as events carry it.
    pub fn sequence_number(&self) -> String {
        (SEQUENCE_BASE + u128::from(self.sequence)).to_string()
    }

    /// The record as `GetRecords` and the events that Lambda gets carry it: its `eventID`, `eventName`,
    /// `dynamodb` and so on. A mapping adds the `eventSourceARN`.
    pub fn to_event(&self, region: &str) -> Value {
        self.event(region, |image| image.value().clone())
    }

    /// The same, with no more of the images than these attributes.
    pub fn to_event_with(&self, attributes: &BTreeSet<String>, region: &str) -> Value {
        self.event(region, |image| image.only(attributes))
    }

    fn event(&self, region: &str, shown: impl Fn(&Image) -> Value) -> Value {
        let mut change = json!({
            "ApproximateCreationDateTime": self.created.as_second(),
            "Keys": self.keys,
            "SequenceNumber": self.sequence_number(),
            "SizeBytes": self.size_bytes,
            "StreamViewType": self.view_type.name(),
        });
        for (name, image) in [("NewImage", &self.new_image), ("OldImage", &self.old_image)] {
            if let Some(image) = image {
                change[name] = shown(image);
            }
        }
        let mut event = json!({
            "eventID": self.event_id,
            "eventName": self.event_name.name(),
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": region,
        });
        event["dynamodb"] = change;
        if self.expired {
            event["userIdentity"] = json!({"type": "Service", "principalId": "dynamodb.amazonaws.com"});
        }
        event
    }
}

struct Row {
    sequence: i64,
    event_name: String,
    keys: String,
    new_image: Option<String>,
    old_image: Option<String>,
    created: i64,
    identity: Option<String>,
}

impl DynamoDb {
    /// Up to `limit` records of `table`'s stream after the one numbered `after`, or from the oldest kept. In the
    /// order of the commits, so in order for each key. Writes that changed nothing left no record.
    pub fn stream_records(&self, table: &str, after: Option<u64>, limit: usize) -> Vec<StreamRecord> {
        let Some(view) = self.tables().get(table).and_then(|table| table.view) else { return Vec::new() };
        let after = after.map_or(0, |after| i64::try_from(after).unwrap_or(i64::MAX));
        read(self.lock().storage.conn(), table, view, after, limit).0
    }

    /// Tells of each write to a table that has a stream. Wait on its `changed`, then read.
    pub fn changes(&self) -> Changes {
        self.changes.subscribe()
    }

    /// Deletes the items whose time to live has passed, and the stream records that are older than a day. AWS does
    /// both in its own time; here the owner says when. Returns how many items it deleted.
    pub fn sweep_ttl(&self) -> usize {
        let streams = self.tables().with_streams();
        let swept = self.expire(self.place.now().as_second());
        {
            let state = self.lock();
            let horizon = self.place.now().as_second() - RETENTION.as_secs();
            let connection = state.storage.conn();
            let trimmed = streams.iter().try_for_each(|table| trim(connection, table, horizon));
            if let Err(error) = trimmed {
                tracing::error!(%error, "old stream records can't be deleted");
            }
        }
        match swept {
            Ok(0) => 0,
            Ok(swept) => {
                self.changes.tell();
                swept
            }
            Err(error) => {
                tracing::error!(%error, "expired items can't be deleted");
                0
            }
        }
    }
}

/// Up to `limit` records after the one numbered `after`, and the number that reading goes on from. Records
/// without a change are left out, so one query may not be enough.
pub(super) fn read(
    connection: &Connection,
    table: &str,
    view: ViewType,
    mut after: i64,
    limit: usize,
) -> (Vec<StreamRecord>, i64) {
    let mut records = Vec::new();
    while records.len() < limit {
        let rows = rows(connection, table, after, limit - records.len()).unwrap_or_else(|error| {
            tracing::error!(table, %error, "a stream can't be read");
            Vec::new()
        });
        let Some(last) = rows.last() else { break };
        after = last.sequence;
        records.extend(rows.into_iter().filter_map(|row| record(table, row, view)));
    }
    (records, after)
}

fn rows(connection: &Connection, table: &str, after: i64, limit: usize) -> rusqlite::Result<Vec<Row>> {
    let mut query = connection.prepare_cached(
        "SELECT CAST(sequence_number AS INTEGER), event_name, keys_json, new_image, old_image, created_at,
                user_identity
         FROM _stream_records
         WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) > ?2
         ORDER BY CAST(sequence_number AS INTEGER) LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = query.query_map(rusqlite::params![table, after, limit], |row| {
        Ok(Row {
            sequence: row.get(0)?,
            event_name: row.get(1)?,
            keys: row.get(2)?,
            new_image: row.get(3)?,
            old_image: row.get(4)?,
            created: row.get(5)?,
            identity: row.get(6)?,
        })
    })?;
    rows.collect()
}

/// The record as the stream's view shows it. `None` for a write that changed nothing, which AWS doesn't record.
fn record(table: &str, row: Row, view: ViewType) -> Option<StreamRecord> {
    let (new, old) = (row.new_image.map(Image::new), row.old_image.map(Image::new));
    if let (Some(new), Some(old)) = (&new, &old)
        && new.same(old)
    {
        return None;
    }
    let (shows_new, shows_old) = match view {
        ViewType::KeysOnly => (false, false),
        ViewType::NewImage => (true, false),
        ViewType::OldImage => (false, true),
        ViewType::NewAndOldImages => (true, true),
    };
    let (new, old) = (new.filter(|_| shows_new), old.filter(|_| shows_old));
    let length = |image: &Option<Image>| image.as_ref().map_or(0, Image::len);
    Some(StreamRecord {
        sequence: u64::try_from(row.sequence).ok()?,
        event_id: event_id(table, row.sequence),
        event_name: match row.event_name.as_str() {
            "INSERT" => EventName::Insert,
            "MODIFY" => EventName::Modify,
            _ => EventName::Remove,
        },
        size_bytes: row.keys.len() + length(&new) + length(&old),
        keys: serde_json::from_str(&row.keys).ok()?,
        new_image: new,
        old_image: old,
        created: Timestamp::from_second(row.created).ok()?,
        view_type: view,
        expired: row.identity.is_some_and(|identity| identity.contains("dynamodb.amazonaws.com")),
    })
}

/// Unique over all tables, 32 hexadecimal digits as AWS has them, and the same in every run.
fn event_id(table: &str, sequence: i64) -> String {
    let salt = table.bytes().fold(0u64, |salt, byte| salt.wrapping_mul(31).wrapping_add(u64::from(byte)));
    uuid(sequence.unsigned_abs(), salt).replace('-', "")
}
