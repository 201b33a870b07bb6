//! All orders: each a sequence without holes, one of them live for a cart.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::order::{Order, Standing};

/// The orders by id.
#[derive(Debug, Default)]
pub struct Orders {
    /// All of them.
    pub all: BTreeMap<String, Order>,
    /// The ids of all their events.
    pub events: BTreeSet<String>,
    /// The orders of each cart.
    carts: BTreeMap<String, Vec<String>>,
    touched: BTreeSet<String>,
}

impl Orders {
    /// A commit of an order was written. Answers what clients wrote into it.
    pub fn append(&mut self, id: &str, sk: &str, commit: &Value, violations: &mut Vec<String>) -> Vec<Value> {
        let order = self.all.entry(id.to_owned()).or_default();
        order.id = id.to_owned();
        let first = sk.parse::<u64>().unwrap_or(0);
        if first != order.sequence + 1 {
            let sequence = order.sequence;
            violations.push(format!("order: {id} has {sequence} events, and its next commit is {first}"));
        }
        let mut marks = Vec::new();
        for event in commit["events"].as_array().into_iter().flatten() {
            let (event_id, kind) =
                (event["id"].as_str().unwrap_or_default(), event["type"].as_str().unwrap_or_default());
            if !self.events.insert(event_id.to_owned()) {
                violations.push(format!("order: {id} has an event {event_id} that was there before"));
            }
            let data = &event["data"];
            violations.extend(order.event(event_id, kind, data));
            marks.extend([data["reason"].clone(), data["tracking"]["number"].clone()]);
            if kind == "order.placed" {
                self.carts.entry(order.cart.clone()).or_default().push(id.to_owned());
                self.touched.insert(order.cart.clone());
            }
        }
        marks
    }

    /// Holds the carts that were touched against the promise of one live order.
    pub fn check(&mut self, violations: &mut Vec<String>) {
        for cart in std::mem::take(&mut self.touched) {
            let live = |id: &&String| self.all[*id].standing() != Standing::Canceled;
            let live = self.carts[&cart].iter().filter(live).count();
            if live > 1 {
                violations.push(format!("one order: {cart} has {live} live orders"));
            }
        }
    }
}
