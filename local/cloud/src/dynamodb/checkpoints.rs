//! How far each consumer of a stream has come, kept beside the records themselves.

use rusqlite::{Connection, OptionalExtension, params};

use super::DynamoDb;

/// Where a consumer that has no checkpoint begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartingPosition {
    /// `TRIM_HORIZON`: with the oldest record kept.
    TrimHorizon,
    /// `LATEST`: with the next record written.
    Latest,
}

/// Deletes the records of `table` that every consumer has passed, and those written before `horizon` (seconds).
/// Never a stream's newest record: the next sequence number counts on from it, and must not be one that was given
/// before, even where the clock stands still.
pub(super) fn trim(connection: &Connection, table: &str, horizon: i64) -> rusqlite::Result<()> {
    let newest: Option<i64> = connection
        .prepare_cached(
            "SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = ?1",
        )?
        .query_row([table], |row| row.get(0))?;
    let passed: Option<i64> = connection
        .prepare_cached("SELECT MIN(sequence) FROM _cloud_checkpoints WHERE table_name = ?1")?
        .query_row([table], |row| row.get(0))?;
    let Some(newest) = newest else { return Ok(()) };
    if let Some(passed) = passed {
        connection
            .prepare_cached(
                "DELETE FROM _stream_records WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) <= ?2",
            )?
            .execute(params![table, passed.min(newest - 1)])?;
    }
    if horizon > 0 {
        connection
            .prepare_cached(
                "DELETE FROM _stream_records
                 WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) < ?2 AND created_at < ?3",
            )?
            .execute(params![table, newest, horizon])?;
    }
    Ok(())
}

impl DynamoDb {
    /// Registers a consumer of `table`'s stream: from now on no record is deleted before it has passed it. Returns
    /// its checkpoint, which for a consumer that was here before is where it stopped.
    pub fn register(&self, consumer: &str, table: &str, from: StartingPosition) -> Option<u64> {
        self.with_connection("registered", |connection| {
            let latest = match from {
                StartingPosition::TrimHorizon => 0,
                StartingPosition::Latest => connection.query_row(
                    "SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) FROM _stream_records
                     WHERE table_name = ?1",
                    [table],
                    |row| row.get::<_, i64>(0),
                )?,
            };
            connection.execute(
                "INSERT INTO _cloud_checkpoints (consumer, table_name, sequence) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO NOTHING",
                params![consumer, table, latest],
            )?;
            checkpoint(connection, consumer, table)
        })
        .flatten()
    }

    /// The last record that `consumer` has passed. `None` for one that has passed none, or is not registered.
    pub fn checkpoint(&self, consumer: &str, table: &str) -> Option<u64> {
        self.with_connection("read", |connection| checkpoint(connection, consumer, table)).flatten()
    }

    /// Moves `consumer` past the record numbered `sequence`, never back, and deletes the records that all
    /// consumers have passed.
    pub fn advance(&self, consumer: &str, table: &str, sequence: u64) {
        let sequence = i64::try_from(sequence).unwrap_or(i64::MAX);
        self.with_connection("written", |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO _cloud_checkpoints (consumer, table_name, sequence) VALUES (?1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET sequence = MAX(sequence, excluded.sequence)",
                )?
                .execute(params![consumer, table, sequence])?;
            trim(connection, table, 0)
        });
    }

    /// Forgets the consumers of `table`'s stream that are not among `kept`, so that those which no longer run hold
    /// no record back.
    pub fn retain_consumers(&self, table: &str, kept: &[&str]) {
        self.with_connection("forgotten", |connection| {
            let mut names =
                connection.prepare("SELECT consumer FROM _cloud_checkpoints WHERE table_name = ?1")?;
            let names =
                names.query_map([table], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
            for name in names.iter().filter(|name| !kept.contains(&name.as_str())) {
                connection.execute(
                    "DELETE FROM _cloud_checkpoints WHERE table_name = ?1 AND consumer = ?2",
                    params![table, name],
                )?;
            }
            Ok(())
        });
    }

    fn with_connection<T>(
        &self,
        what: &str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Option<T> {
        match work(self.lock().storage.conn()) {
            Ok(done) => Some(done),
            Err(error) => {
                tracing::error!(%error, "a stream's checkpoint can't be {what}");
                None
            }
        }
    }
}

fn checkpoint(connection: &Connection, consumer: &str, table: &str) -> rusqlite::Result<Option<u64>> {
    let mut query = connection
        .prepare_cached("SELECT sequence FROM _cloud_checkpoints WHERE consumer = ?1 AND table_name = ?2")?;
    let sequence = query.query_row(params![consumer, table], |row| row.get::<_, i64>(0)).optional()?;
    Ok(sequence.and_then(|sequence| u64::try_from(sequence).ok()).filter(|sequence| *sequence > 0))
}
