//! What a request asks of IAM, and which partitions it names.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use dynoxide::{Item, types::AttributeValue};
use serde_json::Value;

use super::{
    DynamoDb,
    query_key::query_key,
    request::{Kind, Request},
    tables::Tables,
};
use crate::{Place, iam::Ask};

/// The partition keys that a request names, each with its table.
pub(super) type Keys = Vec<(String, String)>;

impl DynamoDb {
    /// The permissions that a request needs, each with the partition keys as `dynamodb:LeadingKeys`, and those
    /// keys with their tables.
    pub(crate) fn needs(&self, request: &Request) -> (Vec<Ask>, Keys) {
        let tables = self.tables();
        let mut needs =
            Needs { place: &self.place, tables: &tables, asks: BTreeMap::new(), keys: Vec::new() };
        needs.collect(&request.kind);
        let Needs { asks, keys, .. } = needs;
        let asks = asks
            .into_iter()
            .map(|((action, resource), Context { leading, enclosing })| {
                let mut ask = Ask::new(format!("dynamodb:{action}"), resource);
                if !leading.is_empty() {
                    ask = ask.with("dynamodb:LeadingKeys", leading);
                }
                match enclosing {
                    Some(operation) => ask.with("dynamodb:EnclosingOperation", vec![operation.to_owned()]),
                    None => ask,
                }
            })
            .collect();
        (asks, keys)
    }
}

#[derive(Default)]
struct Context {
    leading: Vec<String>,
    enclosing: Option<&'static str>,
}

struct Needs<'a> {
    place: &'a Place,
    tables: &'a Tables,
    asks: BTreeMap<(&'static str, String), Context>,
    keys: Keys,
}

impl Needs<'_> {
    fn collect(&mut self, kind: &Kind) {
        match kind {
            Kind::Put(put) => self.item("PutItem", &put.table_name, &put.item, None),
            Kind::Get(get) => self.item("GetItem", &get.table_name, &get.key, None),
            Kind::Update(update) => self.item("UpdateItem", &update.table_name, &update.key, None),
            Kind::Delete(delete) => self.item("DeleteItem", &delete.table_name, &delete.key, None),
            Kind::Query(query) => {
                let table = bare(&query.table_name);
                let key = query_key(self.tables.hash_key(table, query.index_name.as_deref()), query);
                self.read("Query", table, query.index_name.as_deref(), key);
            }
            Kind::Scan(scan) => self.read("Scan", bare(&scan.table_name), scan.index_name.as_deref(), None),
            Kind::BatchGet(batch) => {
                for (table, wanted) in &batch.request_items {
                    for key in &wanted.keys {
                        self.item("BatchGetItem", table, key, None);
                    }
                }
            }
            Kind::BatchWrite(batch) => {
                for (table, writes) in &batch.request_items {
                    for write in writes {
                        if let Some(put) = &write.put_request {
                            self.item("BatchWriteItem", table, &put.item, None);
                        } else if let Some(delete) = &write.delete_request {
                            self.item("BatchWriteItem", table, &delete.key, None);
                        }
                    }
                }
            }
            Kind::TransactGet(transaction) => {
                for get in transaction.transact_items.iter().map(|element| &element.get) {
                    self.item("GetItem", &get.table_name, &get.key, Some("TransactGetItems"));
                }
            }
            Kind::TransactWrite(transaction) => {
                let enclosing = Some("TransactWriteItems");
                for element in &transaction.transact_items {
                    if let Some(put) = &element.put {
                        self.item("PutItem", &put.table_name, &put.item, enclosing);
                    }
                    if let Some(update) = &element.update {
                        self.item("UpdateItem", &update.table_name, &update.key, enclosing);
                    }
                    if let Some(delete) = &element.delete {
                        self.item("DeleteItem", &delete.table_name, &delete.key, enclosing);
                    }
                    if let Some(check) = &element.condition_check {
                        self.item("ConditionCheckItem", &check.table_name, &check.key, enclosing);
                    }
                }
            }
            Kind::Other { operation, input } => self.other(operation, input),
        }
    }

    fn item(&mut self, action: &'static str, table: &str, item: &Item, enclosing: Option<&'static str>) {
        let table = bare(table);
        let key = item.get(self.tables.hash_key(table, None)).and_then(text);
        let resource = self.place.arn("dynamodb", &format!("table/{table}"));
        let context = self.asks.entry((action, resource)).or_default();
        context.enclosing = enclosing;
        if let Some(key) = key {
            context.leading.push(key.clone());
            self.keys.push((table.to_owned(), key));
        }
    }

    fn read(&mut self, action: &'static str, table: &str, index: Option<&str>, key: Option<String>) {
        let resource = match index {
            Some(index) => format!("table/{table}/index/{index}"),
            None => format!("table/{table}"),
        };
        let context = self.asks.entry((action, self.place.arn("dynamodb", &resource))).or_default();
        if let Some(key) = key {
            context.leading.push(key.clone());
            self.keys.push((table.to_owned(), key));
        }
    }

    fn other(&mut self, operation: &'static str, input: &Value) {
        let member = |name: &str| input.get(name).and_then(Value::as_str);
        let resource = match (member("TableName"), member("StreamArn"), member("ResourceArn")) {
            (Some(table), ..) => self.place.arn("dynamodb", &format!("table/{}", bare(table))),
            (_, Some(arn), _) | (.., Some(arn)) => arn.to_owned(),
            _ => "*".to_owned(),
        };
        self.asks.entry((operation, resource)).or_default();
    }
}

/// A table's name, also where a request gives its ARN.
pub(super) fn bare(table: &str) -> &str {
    match table.strip_prefix("arn:") {
        Some(arn) => arn.rsplit_once("table/").map_or(table, |(_, name)| name),
        None => table,
    }
}

/// A key attribute as text: what conditions and records compare and show.
pub(super) fn text(value: &AttributeValue) -> Option<String> {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => Some(text.clone()),
        AttributeValue::B(bytes) => Some(BASE64_STANDARD.encode(bytes)),
        _ => None,
    }
}
