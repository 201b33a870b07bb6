//! Which requests, and which parts of a batch, the partitions still have room for.

use std::collections::HashMap;

use dynoxide::actions::{
    batch_get_item::{BatchGetItemRequest, KeysAndAttributes},
    batch_write_item::{BatchWriteItemRequest, WriteRequest},
};
use serde_json::{Value, json};

use super::{
    capacity::Consumed,
    needs::{Keys, bare},
    run::Run,
    throttle::{Direction, key_of},
};
use crate::{Capacity, Refusal};

impl Run<'_> {
    /// Refuses a call one of whose partitions has nothing left.
    pub(super) fn admit(&mut self, direction: Direction, keys: &Keys) -> Result<(), Refusal> {
        if !self.limited {
            return Ok(());
        }
        let now = self.cloud.place.now();
        for (table, key) in keys {
            if !self.state.throttle.admits(now, direction, table, key) {
                return Err(self.cloud.throttled(&self.cloud.tables(), direction, table));
            }
        }
        Ok(())
    }

    /// The same for a transaction, which says of each element whether it was the one.
    pub(super) fn admit_all(&mut self, direction: Direction, keys: &Keys) -> Result<(), Refusal> {
        if !self.limited {
            return Ok(());
        }
        let now = self.cloud.place.now();
        let throttled = keys
            .iter()
            .map(|(table, key)| (table.as_str(), !self.state.throttle.admits(now, direction, table, key)))
            .collect::<Vec<_>>();
        if throttled.iter().any(|(_, throttled)| *throttled) {
            return Err(self.cloud.canceled(&self.cloud.tables(), &throttled));
        }
        Ok(())
    }

    /// Takes out of a batch the writes that must wait, and returns them as `UnprocessedItems`. A batch of which
    /// nothing can be done is refused.
    pub(super) fn put_off_writes(
        &mut self,
        batch: &mut BatchWriteItemRequest,
    ) -> Result<HashMap<String, Value>, Refusal> {
        let mut put_off = HashMap::new();
        if !self.limited {
            return Ok(put_off);
        }
        let (now, tables) = (self.cloud.place.now(), self.cloud.tables());
        for (table, writes) in &mut batch.request_items {
            let mut waiting = Vec::new();
            writes.retain(|write| {
                let item = write.put_request.as_ref().map(|put| &put.item);
                let item = item.or(write.delete_request.as_ref().map(|delete| &delete.key));
                let key = item.map(|item| key_of(&tables, bare(table), item)).unwrap_or_default();
                let admitted = self.state.throttle.admits(now, Direction::Write, bare(table), &key);
                if !admitted {
                    waiting.push(write_json(write));
                }
                admitted
            });
            if !waiting.is_empty() {
                put_off.insert(table.clone(), Value::Array(waiting));
            }
        }
        batch.request_items.retain(|_, writes| !writes.is_empty());
        match put_off.keys().next() {
            Some(table) if batch.request_items.is_empty() => {
                Err(self.cloud.throttled(&tables, Direction::Write, bare(table)))
            }
            _ => Ok(put_off),
        }
    }

    /// The same for a batch of reads and `UnprocessedKeys`.
    pub(super) fn put_off_reads(
        &mut self,
        batch: &mut BatchGetItemRequest,
    ) -> Result<HashMap<String, Value>, Refusal> {
        let mut put_off = HashMap::new();
        if !self.limited {
            return Ok(put_off);
        }
        let (now, tables) = (self.cloud.place.now(), self.cloud.tables());
        for (table, wanted) in &mut batch.request_items {
            let mut waiting = Vec::new();
            wanted.keys.retain(|key| {
                let partition = key_of(&tables, bare(table), key);
                let admitted = self.state.throttle.admits(now, Direction::Read, bare(table), &partition);
                if !admitted {
                    waiting.push(json!(key));
                }
                admitted
            });
            if !waiting.is_empty() {
                put_off.insert(table.clone(), wanted_json(wanted, &waiting));
            }
        }
        batch.request_items.retain(|_, wanted| !wanted.keys.is_empty());
        match put_off.keys().next() {
            Some(table) if batch.request_items.is_empty() => {
                Err(self.cloud.throttled(&tables, Direction::Read, bare(table)))
            }
            _ => Ok(put_off),
        }
    }

    /// Takes from each partition its share of what the call consumed in the partition's table.
    pub(super) fn charge(&mut self, direction: Direction, keys: &Keys, consumed: &Consumed) {
        let now = self.cloud.place.now();
        for Capacity { table, units, .. } in consumed.shares.iter().filter(|share| share.index.is_none()) {
            let of_table = keys.iter().filter(|(name, _)| name == table).collect::<Vec<_>>();
            let share = units.shared_by(of_table.len());
            for (table, key) in of_table {
                self.state.throttle.charge(now, direction, (table, key), share);
            }
        }
    }
}

fn write_json(write: &WriteRequest) -> Value {
    match (&write.put_request, &write.delete_request) {
        (Some(put), _) => json!({"PutRequest": {"Item": put.item}}),
        (None, Some(delete)) => json!({"DeleteRequest": {"Key": delete.key}}),
        (None, None) => json!({}),
    }
}

fn wanted_json(wanted: &KeysAndAttributes, keys: &[Value]) -> Value {
    let mut json = json!({"Keys": keys});
    let members = [
        ("ProjectionExpression", json!(wanted.projection_expression)),
        ("ExpressionAttributeNames", json!(wanted.expression_attribute_names)),
        ("ConsistentRead", json!(wanted.consistent_read)),
        ("AttributesToGet", json!(wanted.attributes_to_get)),
    ];
    for (name, value) in members {
        if !value.is_null() {
            json[name] = value;
        }
    }
    json
}
