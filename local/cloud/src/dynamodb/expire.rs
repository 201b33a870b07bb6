//! Items whose time to live has passed, found by an index: `dynoxide` itself reads every item of a table to find them,
//! and holds the database while it does.

use dynoxide::actions::delete_item;
use rusqlite::Connection;
use serde_json::{Map, Value, json};

use super::{DynamoDb, run::now};
use crate::Refusal;

/// Items that are deleted before others may use the database.
const AT_ONCE: usize = 25;

/// Who deletes what is over, in the stream's record.
const SERVICE: &str = r#"{"type":"Service","principalId":"dynamodb.amazonaws.com"}"#;

/// A table whose items end.
struct Ending {
    table: String,
    /// The attributes of its key.
    key: Vec<String>,
    /// When an item ends, as SQL.
    end: String,
}

/// Why nothing was deleted.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExpiryError {
    /// SQLite.
    #[error("{0}")]
    Database(#[from] rusqlite::Error),
    /// `dynoxide`.
    #[error("{0}")]
    Refused(String),
    /// What it keeps of a table or an item is not what it should be.
    #[error("{0}")]
    Unreadable(#[from] serde_json::Error),
}

impl From<Refusal> for ExpiryError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.to_string())
    }
}

/// A name within SQL.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl DynamoDb {
    /// Deletes what ended before `moment`, in seconds since 1970. Others use the database in between. Answers how many
    /// items it deleted.
    pub(super) fn expire(&self, moment: i64) -> Result<usize, ExpiryError> {
        let mut deleted = 0;
        for ending in self.endings()? {
            loop {
                let some = self.expire_some(&ending, moment)?;
                deleted += some;
                if some < AT_ONCE {
                    break;
                }
            }
        }
        Ok(deleted)
    }

    /// The tables whose items end, each with its index.
    fn endings(&self) -> Result<Vec<Ending>, ExpiryError> {
        let state = self.lock();
        let tables = state.storage.list_ttl_enabled_tables();
        let mut endings = Vec::new();
        for table in tables.map_err(|error| ExpiryError::Refused(error.to_string()))? {
            let Some(attribute) = &table.ttl_attribute else { continue };
            let schema: Vec<Map<String, Value>> = serde_json::from_str(&table.key_schema)?;
            let name = |part: &Map<String, Value>| Some(part.get("AttributeName")?.as_str()?.to_owned());
            // An SQL text within which JSON's own text stands.
            let path = format!("$.{}.N", json!(attribute)).replace('\'', "''");
            let end = format!("CAST(json_extract(item_json, '{path}') AS INTEGER)");
            let index = quoted(&format!("{}::expiry", table.table_name));
            let on = quoted(&table.table_name);
            let made = format!("CREATE INDEX IF NOT EXISTS {index} ON {on} ({end}) WHERE {end} IS NOT NULL");
            state.storage.conn().execute_batch(&made)?;
            endings.push(Ending {
                table: table.table_name,
                key: schema.iter().filter_map(name).collect(),
                end,
            });
        }
        Ok(endings)
    }

    fn expire_some(&self, ending: &Ending, moment: i64) -> Result<usize, ExpiryError> {
        let state = self.lock();
        let ended = ended(state.storage.conn(), ending, moment)?;
        for item in &ended {
            let mut key: Map<String, Value> = serde_json::from_str(item)?;
            key.retain(|name, _| ending.key.contains(name));
            let request = serde_json::from_value(json!({"TableName": ending.table, "Key": key}))?;
            now(delete_item::execute(&state.storage, request))?;
            by_service(state.storage.conn(), &ending.table)?;
        }
        Ok(ended.len())
    }
}

/// Some of the items that ended before `moment`. A time before 1970 is none, as for DynamoDB.
fn ended(connection: &Connection, ending: &Ending, moment: i64) -> rusqlite::Result<Vec<String>> {
    let Ending { table, end, .. } = ending;
    let mut query = connection.prepare_cached(&format!(
        "SELECT item_json FROM {} WHERE {end} IS NOT NULL AND {end} >= 0 AND {end} < ?1 LIMIT {AT_ONCE}",
        quoted(table)
    ))?;
    query.query_map([moment], |row| row.get(0))?.collect()
}

/// Says of the last record of a table's stream, where it has one, that DynamoDB itself made it.
fn by_service(connection: &Connection, table: &str) -> rusqlite::Result<()> {
    let mut update = connection.prepare_cached(
        "UPDATE _stream_records SET user_identity = ?2
         WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) =
             (SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = ?1)
         AND event_name = 'REMOVE'",
    )?;
    update.execute([table, SERVICE]).map(drop)
}
