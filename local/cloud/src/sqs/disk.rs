//! The queues in a SQLite file, so that no message is lost when the process is killed.
//!
//! Every operation is one transaction before it is answered. Nothing is synced to the disk: a killed
//! process loses nothing, a power cut may.

use std::{path::Path, sync::Arc};

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    dedup::{First, Key, WINDOW},
    message::{Message, Whereabouts},
    queue::{Change, Queue},
};

/// Why the queues could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// SQLite refused.
    #[error("the file of the queues: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// What is in the file is not what this version writes.
    #[error("the file of the queues holds what cannot be read: {0}")]
    Content(#[from] serde_json::Error),
    /// The folder could not be made.
    #[error("the folder of the queues: {0}")]
    Folder(#[from] std::io::Error),
}

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = OFF;
    CREATE TABLE IF NOT EXISTS queues (
        name TEXT PRIMARY KEY, attributes TEXT NOT NULL, tags TEXT NOT NULL,
        created INTEGER NOT NULL, modified INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS messages (
        seq INTEGER PRIMARY KEY, queue TEXT NOT NULL, content TEXT NOT NULL, enqueued INTEGER NOT NULL,
        visible_at INTEGER NOT NULL, receives INTEGER NOT NULL, first_received INTEGER, last_received INTEGER,
        receipt INTEGER NOT NULL, source TEXT);
    CREATE TABLE IF NOT EXISTS deduplications (
        queue TEXT NOT NULL, scope TEXT NOT NULL, id TEXT NOT NULL, message_id TEXT NOT NULL,
        number TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (queue, scope, id));
    CREATE INDEX IF NOT EXISTS deduplications_by_age ON deduplications (at);
";

/// The file.
#[derive(Debug)]
pub(super) struct Disk(Connection);

/// A queue as the file has it.
pub(super) struct Saved {
    pub name: String,
    /// JSON maps of strings.
    pub attributes: String,
    pub tags: String,
    pub created: i64,
    pub modified: i64,
}

impl Disk {
    pub fn open(folder: &Path) -> Result<Self, DiskError> {
        std::fs::create_dir_all(folder)?;
        let connection = Connection::open(folder.join("sqs.sqlite"))?;
        connection.execute_batch(SCHEMA)?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(Self(connection))
    }

    pub fn queues(&self) -> Result<Vec<Saved>, DiskError> {
        let mut statement = self.0.prepare("SELECT name, attributes, tags, created, modified FROM queues")?;
        let rows = statement.query_map([], |row| {
            let (name, attributes, tags) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(Saved { name, attributes, tags, created: row.get(3)?, modified: row.get(4)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub fn messages(&self, queue: &str, now: i64) -> Result<Vec<Message>, DiskError> {
        let mut statement = self.0.prepare(
            "SELECT seq, content, enqueued, visible_at, receives, first_received, last_received, receipt, source
             FROM messages WHERE queue = ? ORDER BY seq",
        )?;
        let mut rows = statement.query([queue])?;
        let mut messages = Vec::new();
        while let Some(row) = rows.next()? {
            messages.push(message(row, now)?);
        }
        Ok(messages)
    }

    pub fn deduplications(&self, queue: &str) -> Result<Vec<(Key, First, i64)>, DiskError> {
        let mut statement = self.0.prepare(
            "SELECT scope, id, message_id, number, at FROM deduplications WHERE queue = ? ORDER BY at",
        )?;
        let rows = statement.query_map([queue], |row| {
            let scope: String = row.get(0)?;
            let scope = (!scope.is_empty()).then(|| Arc::from(scope));
            Ok(((scope, row.get(1)?), First { message_id: row.get(2)?, number: row.get(3)? }, row.get(4)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The greatest number ever given to a message that is still there.
    pub fn last_seq(&self) -> Result<u64, DiskError> {
        let last = self.0.query_row("SELECT max(seq) FROM messages", [], |row| row.get::<_, Option<i64>>(0));
        Ok(last.optional()?.flatten().and_then(|seq| u64::try_from(seq).ok()).unwrap_or(0))
    }

    /// Saves what changed, all of it or nothing.
    pub fn save<'a>(
        &mut self,
        changed: impl Iterator<Item = (&'a Queue, Vec<Change>)>,
        dropped: &[String],
    ) -> Result<(), DiskError> {
        let transaction = self.0.transaction()?;
        for name in dropped {
            for table in ["DELETE FROM queues WHERE name = ?", "DELETE FROM deduplications WHERE queue = ?"] {
                transaction.prepare_cached(table)?.execute([name])?;
            }
            transaction.prepare_cached("DELETE FROM messages WHERE queue = ?")?.execute([name])?;
        }
        for (queue, changes) in changed {
            for change in changes {
                apply(&transaction, queue, change)?;
            }
        }
        Ok(transaction.commit()?)
    }
}

fn message(row: &Row, now: i64) -> Result<Message, DiskError> {
    let content: String = row.get(1)?;
    let (visible_at, receives): (i64, u32) = (row.get(3)?, row.get(4)?);
    let whereabouts = match (visible_at <= now, receives) {
        (true, _) => Whereabouts::Visible(visible_at),
        (false, 0) => Whereabouts::Delayed(visible_at),
        (false, _) => Whereabouts::InFlight(visible_at),
    };
    Ok(Message {
        seq: unsigned(row.get(0)?),
        content: Arc::new(serde_json::from_str(&content)?),
        enqueued: row.get(2)?,
        receives,
        first_received: row.get(5)?,
        last_received: row.get(6)?,
        receipt: unsigned(row.get(7)?),
        dead_letter_source: row.get(8)?,
        whereabouts,
    })
}

/// SQLite's integers are signed; the numbers given out start from a clock and stay far below the limit.
fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn apply(connection: &Connection, queue: &Queue, change: Change) -> Result<(), DiskError> {
    match change {
        Change::Queue => {
            let attributes = serde_json::to_string(&queue.settings.values)?;
            let tags = serde_json::to_string(&queue.tags)?;
            let sql = "INSERT OR REPLACE INTO queues (name, attributes, tags, created, modified) VALUES (?, ?, ?, ?, ?)";
            let row = params![queue.name, attributes, tags, queue.created, queue.modified];
            connection.prepare_cached(sql)?.execute(row)?;
        }
        Change::Added(seq) => {
            let Some(message) = queue.get(seq) else { return Ok(()) };
            let content = serde_json::to_string(message.content.as_ref())?;
            // Replaces the row of the queue that it was moved from, whichever is saved first.
            let sql = "INSERT OR REPLACE INTO messages
                (seq, queue, content, enqueued, visible_at, receives, first_received, last_received, receipt,
                 source)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
            connection.prepare_cached(sql)?.execute(params![
                signed(seq),
                queue.name,
                content,
                message.enqueued,
                message.whereabouts.moment(),
                message.receives,
                message.first_received,
                message.last_received,
                signed(message.receipt),
                message.dead_letter_source,
            ])?;
        }
        Change::Moved(seq) => {
            let Some(message) = queue.get(seq) else { return Ok(()) };
            let sql =
                "UPDATE messages SET visible_at = ?, receives = ?, first_received = ?, last_received = ?,
                receipt = ? WHERE seq = ?";
            connection.prepare_cached(sql)?.execute(params![
                message.whereabouts.moment(),
                message.receives,
                message.first_received,
                message.last_received,
                signed(message.receipt),
                signed(seq),
            ])?;
        }
        Change::Removed(seq) => {
            let sql = "DELETE FROM messages WHERE seq = ? AND queue = ?";
            connection.prepare_cached(sql)?.execute(params![signed(seq), queue.name])?;
        }
        Change::Emptied => {
            connection.prepare_cached("DELETE FROM messages WHERE queue = ?")?.execute([&queue.name])?;
        }
        Change::Deduplicated { key: (scope, id), first, at } => {
            let sql = "DELETE FROM deduplications WHERE at <= ?";
            connection.prepare_cached(sql)?.execute([at - WINDOW])?;
            let sql = "INSERT OR REPLACE INTO deduplications (queue, scope, id, message_id, number, at)
                VALUES (?, ?, ?, ?, ?, ?)";
            let scope = scope.as_deref().unwrap_or("");
            connection.prepare_cached(sql)?.execute(params![
                queue.name,
                scope,
                id,
                first.message_id,
                first.number,
                at
            ])?;
        }
    }
    Ok(())
}
