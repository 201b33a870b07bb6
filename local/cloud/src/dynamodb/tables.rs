//! What is known of each table without asking the database.

use std::collections::HashMap;

use dynoxide::storage::{Storage, TableMetadata};
use serde_json::Value;

/// What a stream's records carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewType {
    /// `KEYS_ONLY`.
    KeysOnly,
    /// `NEW_IMAGE`.
    NewImage,
    /// `OLD_IMAGE`.
    OldImage,
    /// `NEW_AND_OLD_IMAGES`.
    NewAndOldImages,
}

impl ViewType {
    /// As AWS writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::KeysOnly => "KEYS_ONLY",
            Self::NewImage => "NEW_IMAGE",
            Self::OldImage => "OLD_IMAGE",
            Self::NewAndOldImages => "NEW_AND_OLD_IMAGES",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        [Self::KeysOnly, Self::NewImage, Self::OldImage, Self::NewAndOldImages]
            .into_iter()
            .find(|view| view.name() == name)
    }
}

/// The tables, by name.
#[derive(Default)]
pub(super) struct Tables(HashMap<String, Table>);

pub(super) struct Table {
    hash_key: String,
    /// The partition key of each index.
    indexes: HashMap<String, String>,
    /// What the stream was declared to carry, where there is one.
    pub(super) view: Option<ViewType>,
    pub(super) on_demand: bool,
}

impl Tables {
    pub(super) fn load(storage: &Storage) -> dynoxide::Result<Self> {
        let mut tables = Self::default();
        for name in storage.list_table_names()? {
            if let Some(table) = storage.get_table_metadata(&name)? {
                let view = declared_view(storage, &table)?;
                tables.0.insert(name, Table::new(&table, view));
            }
        }
        Ok(tables)
    }

    pub(super) fn get(&self, table: &str) -> Option<&Table> {
        self.0.get(table)
    }

    /// The attribute that is the partition key of the table, or of its index. Empty where there is no such table.
    pub(super) fn hash_key(&self, table: &str, index: Option<&str>) -> &str {
        let Some(table) = self.0.get(table) else { return "" };
        match index {
            None => &table.hash_key,
            Some(index) => table.indexes.get(index).map_or("", String::as_str),
        }
    }

    /// The tables with a stream.
    pub(super) fn with_streams(&self) -> Vec<String> {
        let streams = self.0.iter().filter(|(_, table)| table.view.is_some());
        streams.map(|(name, _)| name.clone()).collect()
    }

    pub(super) fn has_stream(&self, table: &str) -> bool {
        self.0.get(table).is_some_and(|table| table.view.is_some())
    }
}

impl Table {
    fn new(metadata: &TableMetadata, view: Option<ViewType>) -> Self {
        let schema = serde_json::from_str(&metadata.key_schema).unwrap_or_default();
        let indexes = [&metadata.gsi_definitions, &metadata.lsi_definitions]
            .into_iter()
            .flatten()
            .filter_map(|definitions| serde_json::from_str::<Vec<Value>>(definitions).ok())
            .flatten()
            .filter_map(|index| {
                Some((index.get("IndexName")?.as_str()?.to_owned(), hash_key(index.get("KeySchema")?)?))
            })
            .collect();
        Self {
            hash_key: hash_key(&schema).unwrap_or_default(),
            indexes,
            view,
            on_demand: metadata.billing_mode.as_deref() == Some("PAY_PER_REQUEST"),
        }
    }
}

fn hash_key(schema: &Value) -> Option<String> {
    let elements = schema.as_array()?.iter();
    let hash = elements.filter(|element| element.get("KeyType").and_then(Value::as_str) == Some("HASH"));
    hash.filter_map(|element| element.get("AttributeName")?.as_str()).map(str::to_owned).next()
}

/// The view that was declared. The database itself always keeps both images: without the old one nobody could
/// tell that a write changed nothing.
fn declared_view(storage: &Storage, table: &TableMetadata) -> dynoxide::Result<Option<ViewType>> {
    if !table.stream_enabled {
        return Ok(None);
    }
    let mut query =
        storage.conn().prepare_cached("SELECT view_type FROM _cloud_views WHERE table_name = ?1")?;
    let mut rows = query.query([&table.table_name])?;
    let name = match rows.next()? {
        Some(row) => row.get::<_, String>(0)?,
        None => table.stream_view_type.clone().unwrap_or_default(),
    };
    Ok(Some(ViewType::parse(&name).unwrap_or(ViewType::NewAndOldImages)))
}
