//! The ledger: every entry balances, and what is kept of a month is what its entries come to that stand before the moment
//! up to which it is kept.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::item::amount;

/// Amounts by currency, account and side, as the balances name them: `EUR/sales/credit`.
type Sums = BTreeMap<String, i64>;

/// What is kept of a month.
#[derive(Debug, Default)]
struct Kept {
    until: String,
    version: u64,
    sums: Sums,
}

/// The ledger's entries and balances.
#[derive(Debug, Default)]
pub struct Books {
    events: BTreeSet<String>,
    /// What each entry moved, by its place, which begins with its time.
    entries: BTreeMap<String, Sums>,
    /// What all entries come to.
    all: Sums,
    /// By month.
    kept: BTreeMap<String, Kept>,
    /// The months of this commit.
    touched: BTreeSet<String>,
    /// How often something was booked behind what was kept.
    late: u64,
}

impl Books {
    /// An entry was written.
    pub fn entry(&mut self, place: &str, item: &Value, violations: &mut Vec<String>) {
        let event = item["event"].as_str().unwrap_or_default();
        if !self.events.insert(event.to_owned()) {
            violations.push(format!("ledger: the event {event} was posted twice"));
        }
        if !place.starts_with(item["at"].as_str().and_then(|at| at.get(..19)).unwrap_or("?")) {
            violations
                .push(format!("ledger: the entry of {event} stands at {place}, and is of another time"));
        }
        let mut sums: BTreeMap<String, i64> = BTreeMap::new();
        let moved = self.entries.entry(place.to_owned()).or_default();
        for line in item["lines"].as_array().into_iter().flatten() {
            let text = |name: &str| line[name].as_str().unwrap_or_default();
            let money = amount(&line["amount"]);
            let currency = line["amount"]["currency"].as_str().unwrap_or_default().to_owned();
            let name = format!("{currency}/{}/{}", text("account"), text("side"));
            *sums.entry(currency).or_default() += if text("side") == "debit" { money } else { -money };
            *moved.entry(name.clone()).or_default() += money;
            *self.all.entry(name).or_default() += money;
        }
        for (currency, sum) in sums {
            if sum != 0 {
                violations.push(format!("ledger: the entry of {event} is off by {sum} {currency}"));
            }
        }
        let month = place.get(..7).unwrap_or_default();
        self.late += u64::from(self.kept.get(month).is_some_and(|kept| place < kept.until.as_str()));
        self.touched.insert(month.to_owned());
    }

    /// What is kept of a month was written.
    pub fn balance(&mut self, month: &str, item: &Value, violations: &mut Vec<String>) {
        let of = |(name, value): (&String, &Value)| {
            name.contains('/').then(|| Some((name.clone(), value.as_i64()?))).flatten()
        };
        let sums: Sums = item.as_object().into_iter().flatten().filter_map(of).collect();
        let until = item["until"].as_str().unwrap_or_default().to_owned();
        let version = item["version"].as_u64().unwrap_or(0);
        let before = self.kept.entry(month.to_owned()).or_default();
        if before.version + 1 != version {
            violations
                .push(format!("ledger: the balances of {month} were {} and are {version}", before.version));
        }
        if until < before.until {
            violations
                .push(format!("ledger: the balances of {month} went back from {} to {until}", before.until));
        }
        *before = Kept { until, version, sums };
        self.touched.insert(month.to_owned());
    }

    /// What an account has on its left side beyond its right one.
    pub fn net(&self, account: &str) -> i64 {
        let of = |side: &str| self.of(account, side);
        of("debit") - of("credit")
    }

    /// What an account got on a side, in all currencies.
    fn of(&self, account: &str, side: &str) -> i64 {
        let end = format!("/{account}/{side}");
        self.all.iter().filter(|(name, _)| name.ends_with(&end)).map(|(_, amount)| amount).sum()
    }

    /// Whether nothing was posted.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Whether an event was posted.
    pub fn has(&self, event: &str) -> bool {
        self.events.contains(event)
    }

    /// How often something was booked behind what was kept.
    pub fn late(&self) -> u64 {
        self.late
    }

    /// What is not as it is told: `accounts` are what the API says that they come to.
    pub fn told(&self, accounts: &Value) -> Vec<String> {
        let (mut wrong, mut told) = (Vec::new(), Sums::new());
        for row in accounts.as_array().into_iter().flatten() {
            let text = |name: &str| row[name].as_str().unwrap_or_default();
            for side in ["debit", "credit"] {
                let name = format!("{}/{}/{side}", text("currency"), text("account"));
                told.insert(name, row[side].as_i64().unwrap_or(0));
            }
        }
        let names: BTreeSet<&String> = told.keys().chain(self.all.keys()).collect();
        for name in names {
            let of = |sums: &Sums| sums.get(name).copied().unwrap_or(0);
            let (told, entries) = (of(&told), of(&self.all));
            if told != entries {
                wrong.push(format!("ledger: {name} is said to be {told}, its entries come to {entries}"));
            }
        }
        wrong
    }

    /// Holds what is kept of the months of this commit against their entries.
    pub fn check(&mut self, violations: &mut Vec<String>) {
        for month in std::mem::take(&mut self.touched) {
            let Some(kept) = self.kept.get(&month) else { continue };
            let mut sums = Sums::new();
            // Nothing is kept yet where it says no time.
            let until = kept.until.clone().max(month.clone());
            for moved in self.entries.range(month..until).map(|(_, moved)| moved) {
                moved.iter().for_each(|(name, amount)| *sums.entry(name.clone()).or_default() += amount);
            }
            let names: BTreeSet<&String> = sums.keys().chain(kept.sums.keys()).collect();
            for name in names {
                let of = |sums: &Sums| sums.get(name).copied().unwrap_or(0);
                let (balance, entries, until) = (of(&kept.sums), of(&sums), &kept.until);
                if balance != entries {
                    violations.push(format!(
                        "ledger: {name} stands at {balance} until {until}, its entries come to {entries}"
                    ));
                }
            }
        }
    }
}
