//! Reads. What a decision rests on is read strongly; what is only shown ([`App::showing`]) may be a moment old.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use serde::de::DeserializeOwned;

use super::{Item, Key, StoreError, Table};
use crate::runtime::App;

/// DynamoDB takes at most so many keys in one `BatchGetItem`.
const BATCH: usize = 100;

pub(super) fn parse<T: DeserializeOwned>(kind: &'static str, item: Item) -> Result<T, StoreError> {
    serde_dynamo::from_item(item).map_err(|error| StoreError::unreadable(kind, &error))
}

/// The item at `key`, read strongly.
///
/// # Errors
/// [`StoreError`]; `kind` names the item where it can't be read.
pub async fn get<T: DeserializeOwned>(
    app: &App,
    kind: &'static str,
    key: &Key,
) -> Result<Option<T>, StoreError> {
    let found = app
        .dynamodb()
        .get_item()
        .table_name(key.table().name(app.settings())?)
        .set_key(Some(key.item()))
        .consistent_read(app.reads_strongly())
        .send()
        .await
        .map_err(|error| StoreError::of_call(&error))?;
    found.item.map(|item| parse(kind, item)).transpose()
}

/// What was found under some keys.
#[derive(Debug)]
pub struct Found(HashMap<(String, String), Item>);

impl Found {
    /// The item at `key`, which is among those that were looked up, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`].
    pub fn get<T: DeserializeOwned>(&self, kind: &'static str, key: &Key) -> Result<Option<T>, StoreError> {
        let item = self.0.get(&(key.pk().to_owned(), key.sk().to_owned()));
        item.cloned().map(|item| parse(kind, item)).transpose()
    }

    /// The item at `key`, which is not found here any more: [`Found::get`] copies it.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`].
    pub fn take<T: DeserializeOwned>(
        &mut self,
        kind: &'static str,
        key: &Key,
    ) -> Result<Option<T>, StoreError> {
        let item = self.0.remove(&(key.pk().to_owned(), key.sk().to_owned()));
        item.map(|item| parse(kind, item)).transpose()
    }
}

/// The items of the state table at `keys`, in the order of the keys, `None` where there is none. Keys may repeat.
///
/// # Errors
/// [`StoreError`]; [`StoreError::Busy`] where DynamoDB keeps leaving keys unread.
pub async fn get_many<T: DeserializeOwned>(
    app: &App,
    kind: &'static str,
    keys: &[Key],
    strongly: bool,
) -> Result<Vec<Option<T>>, StoreError> {
    let found = look_up(app, keys, strongly).await?;
    keys.iter().map(|key| found.get(kind, key)).collect()
}

/// What the state table has under `keys`, which may be of several kinds, and may repeat.
///
/// # Errors
/// [`StoreError`]; [`StoreError::Busy`] where DynamoDB keeps leaving keys unread.
pub async fn look_up(app: &App, keys: &[Key], strongly: bool) -> Result<Found, StoreError> {
    let table = Table::State.name(app.settings())?;
    let mut wanted: Vec<&Key> = Vec::with_capacity(keys.len());
    for key in keys {
        if !wanted.contains(&key) {
            wanted.push(key);
        }
    }
    let mut found = HashMap::new();
    for batch in wanted.chunks(BATCH) {
        let mut pending: Vec<Item> = batch.iter().map(|key| key.item()).collect();
        let mut tries = 0;
        while !pending.is_empty() {
            if tries == 5 {
                return Err(StoreError::Busy("UnprocessedKeys".to_owned()));
            }
            super::write::pause(app, tries).await;
            tries += 1;
            let ask = KeysAndAttributes::builder()
                .set_keys(Some(std::mem::take(&mut pending)))
                .consistent_read(strongly && app.reads_strongly())
                .build()
                .map_err(|error| StoreError::Service(error.to_string()))?;
            let answer = app
                .dynamodb()
                .batch_get_item()
                .request_items(table, ask)
                .send()
                .await
                .map_err(|error| StoreError::of_call(&error))?;
            for item in answer.responses.unwrap_or_default().remove(table).unwrap_or_default() {
                if let (Some(AttributeValue::S(pk)), Some(AttributeValue::S(sk))) =
                    (item.get("pk"), item.get("sk"))
                {
                    found.insert((pk.clone(), sk.clone()), item);
                }
            }
            if let Some(rest) = answer.unprocessed_keys.and_then(|mut rest| rest.remove(table)) {
                pending = rest.keys;
            }
        }
    }
    Ok(Found(found))
}

/// All items of a partition, in order, read strongly, however many pages they fill.
///
/// # Errors
/// [`StoreError`].
pub async fn query_all<T: DeserializeOwned>(
    app: &App,
    kind: &'static str,
    table: Table,
    pk: &str,
) -> Result<Vec<T>, StoreError> {
    let mut items = Vec::new();
    let mut from = None;
    loop {
        let page = app
            .dynamodb()
            .query()
            .table_name(table.name(app.settings())?)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
            .consistent_read(app.reads_strongly())
            .set_exclusive_start_key(from)
            .send()
            .await
            .map_err(|error| StoreError::of_call(&error))?;
        for item in page.items.unwrap_or_default() {
            items.push(parse(kind, item)?);
        }
        from = page.last_evaluated_key;
        if from.is_none() {
            return Ok(items);
        }
    }
}
