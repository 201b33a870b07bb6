//! Gift cards: a balance is the sum of what happened to it, and is never below zero.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::item::amount;

/// Gift cards by id.
#[derive(Debug, Default)]
pub struct Cards {
    /// What is on each, as it was written last.
    balances: BTreeMap<String, i64>,
    /// What the facts come to.
    sums: BTreeMap<String, i64>,
    /// What was taken for each order, less what it gave back.
    pub taken: BTreeMap<String, i64>,
    facts: BTreeSet<String>,
    touched: BTreeSet<String>,
}

impl Cards {
    /// A fact of a card was written.
    pub fn changed(&mut self, card: &str, event: &Value, violations: &mut Vec<String>) {
        let (kind, data) = (event["type"].as_str().unwrap_or_default(), &event["data"]);
        let sum = match kind {
            "gift_card.issued" | "gift_card.returned" => amount(&data["amount"]),
            "gift_card.redeemed" | "gift_card.expired" => -amount(&data["amount"]),
            _ => 0,
        };
        let cause = data["cause"].as_str().unwrap_or_default();
        if !self.facts.insert(format!("{card} {kind} {cause}")) {
            violations.push(format!("gift card: {kind} for {cause} happened twice to {card}"));
        }
        if let (Some(order), "gift_card.redeemed" | "gift_card.returned") = (data["order"].as_str(), kind) {
            *self.taken.entry(order.to_owned()).or_default() -= sum;
        }
        *self.sums.entry(card.to_owned()).or_default() += sum;
        self.touched.insert(card.to_owned());
    }

    /// A card was written.
    pub fn balance(&mut self, card: &str, item: &Value, violations: &mut Vec<String>) {
        let balance = item["balance"].as_i64().unwrap_or(i64::MIN);
        if balance < 0 {
            violations.push(format!("gift card: {card} stands at {balance}"));
        }
        self.balances.insert(card.to_owned(), balance);
        self.touched.insert(card.to_owned());
    }

    /// Holds what was touched against its facts.
    pub fn check(&mut self, violations: &mut Vec<String>) {
        for card in std::mem::take(&mut self.touched) {
            let of = |map: &BTreeMap<String, i64>| map.get(&card).copied().unwrap_or(0);
            let (balance, sum) = (of(&self.balances), of(&self.sums));
            if balance != sum {
                violations.push(format!("gift card: {card} stands at {balance}, its facts come to {sum}"));
            }
        }
    }
}
