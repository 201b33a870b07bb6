//! The ledger: every entry balances, and the balances are the entries' sums.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::item::amount;

/// The ledger's entries and balances.
#[derive(Debug, Default)]
pub struct Books {
    events: BTreeSet<String>,
    /// What entries come to, by account and side.
    entries: BTreeMap<String, i64>,
    /// What the shards of balances say, by shard, then account and side.
    shards: BTreeMap<String, BTreeMap<String, i64>>,
    touched: bool,
}

impl Books {
    /// An entry was written.
    pub fn entry(&mut self, item: &Value, violations: &mut Vec<String>) {
        let event = item["event"].as_str().unwrap_or_default();
        if !self.events.insert(event.to_owned()) {
            violations.push(format!("ledger: the event {event} was posted twice"));
        }
        let mut sums: BTreeMap<String, i64> = BTreeMap::new();
        for line in item["lines"].as_array().into_iter().flatten() {
            let text = |name: &str| line[name].as_str().unwrap_or_default();
            let money = amount(&line["amount"]);
            let currency = line["amount"]["currency"].as_str().unwrap_or_default().to_owned();
            *sums.entry(currency).or_default() += if text("side") == "debit" { money } else { -money };
            *self.entries.entry(format!("{}_{}", text("account"), text("side"))).or_default() += money;
        }
        for (currency, sum) in sums {
            if sum != 0 {
                violations.push(format!("ledger: the entry of {event} is off by {sum} {currency}"));
            }
        }
        self.touched = true;
    }

    /// A shard of balances was written.
    pub fn balance(&mut self, shard: &str, item: &Value) {
        let of = |(name, value): (&String, &Value)| {
            let known = name.ends_with("_debit") || name.ends_with("_credit");
            known.then(|| Some((name.clone(), value.as_i64()?))).flatten()
        };
        let sums = item.as_object().into_iter().flatten().filter_map(of).collect();
        self.shards.insert(shard.to_owned(), sums);
        self.touched = true;
    }

    /// What an account has on its left side beyond its right one.
    pub fn net(&self, account: &str) -> i64 {
        let of = |side: &str| self.entries.get(&format!("{account}_{side}")).copied().unwrap_or(0);
        of("debit") - of("credit")
    }

    /// Whether an event was posted.
    pub fn has(&self, event: &str) -> bool {
        self.events.contains(event)
    }

    /// Holds the balances against the entries, where either changed.
    pub fn check(&mut self, violations: &mut Vec<String>) {
        if !std::mem::take(&mut self.touched) {
            return;
        }
        let mut sums: BTreeMap<&String, i64> = BTreeMap::new();
        for (name, value) in self.shards.values().flatten() {
            *sums.entry(name).or_default() += value;
        }
        for (name, entries) in &self.entries {
            let balance = sums.get(name).copied().unwrap_or(0);
            if balance != *entries {
                violations.push(format!("ledger: {name} stands at {balance}, its entries come to {entries}"));
            }
        }
    }
}
