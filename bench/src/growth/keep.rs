//! The market's tables as its folder keeps them: `dynoxide`'s file, which nobody else may have open.

use std::{collections::HashSet, path::Path};

use md5::{Digest as _, Md5};
use rusqlite::{Connection, params_from_iter, types::Value};

use crate::market::BenchError;

/// The tables whose items are copied.
const TABLES: [&str; 2] = ["souk-events", "souk-state"];
/// All that is written is made again where it is lost, and there is memory enough.
const FAST: &str = "PRAGMA synchronous = OFF; PRAGMA cache_size = -262144; PRAGMA temp_store = MEMORY;";

impl From<rusqlite::Error> for BenchError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Market(format!("the market's file: {error}"))
    }
}

/// The file, opened.
pub(super) struct Kept(Connection);

/// A row: an item of a table or, without a size, what an index holds of it.
#[derive(Clone, Debug)]
pub(super) struct Row {
    table: String,
    /// The columns that hold text: keys, then the item.
    pub(super) texts: Vec<String>,
    pub(super) size: Option<i64>,
}

impl Row {
    /// All of it in one text.
    pub(super) fn all(&self) -> String {
        self.texts.join("\n")
    }

    pub(super) fn pk(&self) -> &str {
        self.texts.first().map_or("", |key| key.trim_start_matches("S:"))
    }

    pub(super) fn sk(&self) -> &str {
        self.texts.get(1).map_or("", |key| key.trim_start_matches("S:"))
    }

    /// What kind of item it is.
    pub(super) fn kind(&self) -> &str {
        let item = self.texts.last().map_or("", String::as_str);
        let kind = item.split_once(r#""kind":{"S":""#).map_or("", |(_, rest)| rest);
        kind.split_once('"').map_or("", |(kind, _)| kind)
    }

    /// Its place in the series, where it is an invoice.
    pub(super) fn place_of_invoice(&self) -> Option<u64> {
        self.pk().ends_with("/invoices/invoice").then(|| self.sk().parse().ok()).flatten()
    }

    /// How `dynoxide` divides a table for scans: by a hash of the partition key.
    pub(super) fn hash_of(key: &str) -> String {
        let digest = Md5::digest(format!("Outliers{}", key.trim_start_matches("S:")));
        digest.iter().take(3).map(|byte| format!("{byte:02x}")).collect()
    }

    pub(super) fn insert(&self) -> String {
        let columns = match self.size {
            Some(_) => "(pk, sk, item_json, item_size, hash_prefix) VALUES (?, ?, ?, ?, ?)",
            None => "(gsi_pk, gsi_sk, table_pk, table_sk, item_json) VALUES (?, ?, ?, ?, ?)",
        };
        format!("INSERT INTO \"{}\" {columns}", self.table)
    }
}

impl Kept {
    pub(super) fn open(folder: &Path) -> Result<Self, BenchError> {
        let connection = Connection::open(folder.join("dynamodb.sqlite"))?;
        connection.execute_batch(FAST)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Self(connection))
    }

    /// The keys of all items, to know later which are new.
    pub(super) fn keys(&self) -> Result<HashSet<String>, BenchError> {
        let rows = self.items()?;
        Ok(rows.iter().map(|row| format!("{} {} {}", row.table, row.pk(), row.sk())).collect())
    }

    /// The items that are not among `known`, each followed by what indexes hold of it.
    pub(super) fn new_since(&self, known: &HashSet<String>) -> Result<Vec<Row>, BenchError> {
        let mut new = Vec::new();
        for row in self.items()? {
            if known.contains(&format!("{} {} {}", row.table, row.pk(), row.sk())) {
                continue;
            }
            let indexed = self.indexed(&row)?;
            new.push(row);
            new.extend(indexed);
        }
        Ok(new)
    }

    fn items(&self) -> Result<Vec<Row>, BenchError> {
        let mut items = Vec::new();
        for table in TABLES {
            let mut read = self
                .0
                .prepare(&format!("SELECT pk, sk, item_json, item_size FROM \"{table}\" ORDER BY rowid"))?;
            let rows = read.query_map([], |row| {
                let texts = vec![row.get(0)?, row.get(1)?, row.get(2)?];
                Ok(Row { table: table.to_owned(), texts, size: Some(row.get(3)?) })
            })?;
            items.extend(rows.collect::<Result<Vec<_>, _>>()?);
        }
        Ok(items)
    }

    fn indexed(&self, item: &Row) -> Result<Vec<Row>, BenchError> {
        let mut indexes = self.0.prepare(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE ?1 || '::gsi::%' ORDER BY name",
        )?;
        let indexes = indexes.query_map([&item.table], |row| row.get(0))?;
        let mut indexed = Vec::new();
        for table in indexes.collect::<Result<Vec<String>, _>>()? {
            let mut read = self.0.prepare(&format!(
                "SELECT gsi_pk, gsi_sk, table_pk, table_sk, item_json FROM \"{table}\" WHERE table_pk = ?1 AND table_sk = ?2"
            ))?;
            let rows = read.query_map([&item.texts[0], &item.texts[1]], |row| {
                let texts = (0..5).map(|column| row.get(column)).collect::<Result<_, _>>()?;
                Ok(Row { table: table.clone(), texts, size: None })
            })?;
            indexed.extend(rows.collect::<Result<Vec<_>, _>>()?);
        }
        Ok(indexed)
    }

    /// The number of the last invoice of the store that sells.
    pub(super) fn last_invoice(&self, store: &str) -> Result<u64, BenchError> {
        let key = format!("S:{store}/test/invoices/invoice");
        let last = "SELECT max(sk) FROM \"souk-events\" WHERE pk = ?1";
        let last: Option<String> = self.0.query_row(last, [key], |row| row.get(0))?;
        Ok(last.and_then(|last| last.trim_start_matches("S:").parse().ok()).unwrap_or(0))
    }

    /// Counts products that came to be without the market's doing among those that the store has.
    pub(super) fn count_products(&self, store: &str, more: u64, bytes_each: i64) -> Result<(), BenchError> {
        let more = i64::try_from(more).unwrap_or(0);
        for (field, by) in [("products", more), ("bytes", more * bytes_each)] {
            self.0.execute(
                "UPDATE \"souk-state\" SET item_json = json_set(item_json, ?1, \
                 CAST(CAST(json_extract(item_json, ?1) AS INTEGER) + ?2 AS TEXT)) WHERE pk = ?3 AND sk = 'S:catalog'",
                (format!("$.{field}.N"), by, format!("S:{store}/test/usage")),
            )?;
        }
        Ok(())
    }

    /// Forgets the people who bought, as an erasure does. What is sealed for an order opens for that order alone, so
    /// no copy could be read otherwise than as that of somebody who was forgotten.
    pub(super) fn forget_people(&self) -> Result<(), BenchError> {
        self.0.execute("DELETE FROM \"souk-vault\" WHERE pk LIKE 'S:%/person/%'", [])?;
        Ok(())
    }

    pub(super) fn begin(&self) -> Result<(), BenchError> {
        Ok(self.0.execute_batch("BEGIN")?)
    }

    pub(super) fn commit(&self) -> Result<(), BenchError> {
        Ok(self.0.execute_batch("COMMIT")?)
    }

    pub(super) fn insert(&self, sql: &str, values: &[Value]) -> Result<(), BenchError> {
        self.0.prepare_cached(sql)?.execute(params_from_iter(values))?;
        Ok(())
    }

    /// Leaves the file as the market expects it: with nothing beside it.
    pub(super) fn close(self) -> Result<(), BenchError> {
        self.0.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        self.0.close().map_err(|(_, error)| error.into())
    }
}
