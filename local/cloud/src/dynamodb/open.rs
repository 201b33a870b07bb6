//! Opens the database, and gives it what `dynoxide` leaves out.

use std::{
    path::Path,
    sync::{Mutex, RwLock, atomic::AtomicBool},
};

use dynoxide::{actions::vector_lifecycle::VectorIndexLifecycle, storage::Storage};
use rusqlite::config::DbConfig;

use super::{DynamoDb, State, Tables, clock::clock, throttle::Throttle, tokens::Tokens};
use crate::{CloudError, Place, signal::Signal};

/// Without the index each write reads every stream record kept, to find the last sequence number.
const SCHEMA: &str = "
    CREATE INDEX IF NOT EXISTS _stream_records_by_sequence
        ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
    CREATE TABLE IF NOT EXISTS _cloud_views (
        table_name TEXT PRIMARY KEY, view_type TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS _cloud_checkpoints (
        consumer TEXT NOT NULL, table_name TEXT NOT NULL, sequence INTEGER NOT NULL,
        PRIMARY KEY (consumer, table_name)
    ) WITHOUT ROWID;";

/// Of a database in a folder, 8 MiB of pages.
const CACHE: &str = "PRAGMA cache_size = -8192; PRAGMA mmap_size = 0;";

impl DynamoDb {
    pub(crate) fn open(place: Place, data: Option<&Path>) -> Result<Self, CloudError> {
        let storage = match data {
            Some(folder) => {
                let path = folder.join("dynamodb.sqlite");
                let name = path.to_str().ok_or_else(|| CloudError::Unreadable {
                    path: path.clone(),
                    reason: "its name is not UTF-8".to_owned(),
                })?;
                Storage::new(name)
            }
            None => Storage::memory(),
        };
        let storage =
            storage.map_err(|error| CloudError::Database(error.to_string()))?.with_clock(clock(&place));
        let connection = storage.conn();
        // Sixteen by default, and each table has several: most were compiled anew each time.
        connection.set_prepared_statement_cache_capacity(256);
        // Nor shall a statement be compiled anew because it is bound to other values, in the hope of a better plan.
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
            .map_err(|error| CloudError::Database(error.to_string()))?;
        // No fsync: what the kernel holds outlives the process, so only a power cut could lose writes.
        storage.enable_bulk_loading().map_err(|error| CloudError::Database(error.to_string()))?;
        // Which also takes much memory for what the kernel caches anyway.
        storage.conn().execute_batch(CACHE).map_err(|error| CloudError::Database(error.to_string()))?;
        storage.conn().execute_batch(SCHEMA).map_err(|error| CloudError::Database(error.to_string()))?;
        let tables = Tables::load(&storage).map_err(|error| CloudError::Database(error.to_string()))?;
        let state = State {
            storage,
            vectors: VectorIndexLifecycle::new(),
            tokens: Tokens::default(),
            throttle: Throttle::default(),
        };
        Ok(Self {
            place,
            turn: tokio::sync::Mutex::default(),
            state: Mutex::new(state),
            tables: RwLock::new(tables),
            limited: AtomicBool::new(false),
            changes: Signal::default(),
        })
    }
}
