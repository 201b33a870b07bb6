//! Payments, as the provider counts them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::item::amount;

/// What a payment came to at the provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payment {
    /// Where it stands, as it was written last.
    pub status: String,
    /// What was asked for.
    pub amount: i64,
    /// What was taken.
    pub captured: i64,
    /// What was given back.
    pub refunded: i64,
    /// How often money was taken.
    pub captures: u64,
    /// How an undecided one ends by itself.
    pub decided: Option<String>,
}

/// The payments, by name.
#[derive(Debug, Default)]
pub struct Payments {
    /// All of them.
    pub all: BTreeMap<String, Payment>,
}

impl Payments {
    /// A payment was written at the provider.
    pub fn put(&mut self, name: &str, item: &Value, violations: &mut Vec<String>) {
        let number = |name: &str| item[name].as_i64().unwrap_or(0);
        let payment = Payment {
            status: item["status"].as_str().unwrap_or_default().to_owned(),
            amount: amount(&item["amount"]),
            captured: number("captured"),
            refunded: number("refunded"),
            captures: item["captures"].as_u64().unwrap_or(0),
            decided: item["decided"][1].as_str().map(str::to_owned),
        };
        if payment.captures > 1 {
            violations.push(format!("charge: money was taken {} times for {name}", payment.captures));
        }
        if payment.captured > payment.amount || payment.refunded > payment.captured {
            violations.push(format!("charge: {name} is {payment:?}"));
        }
        if let Some(before) = self.all.get(name)
            && (before.captured > payment.captured || before.refunded > payment.refunded)
        {
            violations.push(format!("charge: {name} went back from {before:?} to {payment:?}"));
        }
        self.all.insert(name.to_owned(), payment);
    }

    /// Those of an order.
    pub fn of_order<'a>(&'a self, order: &'a str) -> impl Iterator<Item = (&'a String, &'a Payment)> {
        self.all.iter().filter(move |(name, _)| name.split('-').next() == Some(order))
    }
}

impl Payment {
    /// Whether money is held, or may yet be.
    pub fn holds(&self) -> bool {
        match self.status.as_str() {
            "processing" => self.decided.as_deref() != Some("decline"),
            "requires_action" | "authorized" => true,
            _ => self.captured != self.refunded,
        }
    }
}
