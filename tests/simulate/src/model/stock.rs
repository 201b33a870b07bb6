//! Stock: what lies where, what is promised, and that nothing is promised twice.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A SKU and a location.
type Shelf = (String, String);

/// What there should be, and what there is.
#[derive(Debug, Default)]
pub struct Stock {
    /// What the tables say: available and reserved.
    levels: BTreeMap<Shelf, (i64, i64)>,
    /// What each order holds.
    held: BTreeMap<String, BTreeMap<Shelf, i64>>,
    /// How many parcels of an order took what they held.
    parcels: BTreeMap<String, usize>,
    /// The sum of what orders hold.
    reserved: BTreeMap<Shelf, i64>,
    /// The sum of what was brought and taken.
    moved: BTreeMap<Shelf, i64>,
    /// The sum of what was sent.
    shipped: BTreeMap<Shelf, i64>,
    /// The versions of shelves that movements made.
    versions: BTreeSet<(Shelf, u64)>,
    touched: BTreeSet<Shelf>,
}

impl Stock {
    /// The level of a SKU was written.
    pub fn level(&mut self, sku: &str, item: &Value) {
        for (location, level) in item["locations"].as_object().into_iter().flatten() {
            let number = |name: &str| level[name].as_i64().unwrap_or(i64::MIN);
            let shelf = (sku.to_owned(), location.clone());
            self.levels.insert(shelf.clone(), (number("available"), number("reserved")));
            self.touched.insert(shelf);
        }
    }

    /// A movement was written.
    pub fn moved(&mut self, item: &Value, violations: &mut Vec<String>) {
        let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
        let shelf = (text("sku"), text("location"));
        let version = item["version"].as_u64().unwrap_or(0);
        if !self.versions.insert((shelf.clone(), version)) {
            violations.push(format!("stock: two movements of {shelf:?} made its version {version}"));
        }
        *self.moved.entry(shelf.clone()).or_default() += item["change"].as_i64().unwrap_or(0);
        self.touched.insert(shelf);
    }

    /// An order's reservation was written.
    pub fn reserved(&mut self, order: &str, item: &Value) {
        let mut now: BTreeMap<Shelf, i64> = BTreeMap::new();
        for part in item["allocations"].as_array().into_iter().flatten() {
            let text = |name: &str| part[name].as_str().unwrap_or_default().to_owned();
            *now.entry((text("sku"), text("location"))).or_default() +=
                part["quantity"].as_i64().unwrap_or(0);
        }
        let before = self.held.insert(order.to_owned(), now.clone()).unwrap_or_default();
        let parcels = item["shipped"].as_array().map_or(0, Vec::len);
        let sent = parcels > self.parcels.insert(order.to_owned(), parcels).unwrap_or(0);
        let shelves: BTreeSet<Shelf> = before.keys().chain(now.keys()).cloned().collect();
        for shelf in shelves {
            let of = |held: &BTreeMap<Shelf, i64>| held.get(&shelf).copied().unwrap_or(0);
            let change = of(&now) - of(&before);
            *self.reserved.entry(shelf.clone()).or_default() += change;
            // What a parcel took left the shelf; what was let go is available again.
            if sent && change < 0 {
                *self.shipped.entry(shelf.clone()).or_default() -= change;
            }
            self.touched.insert(shelf);
        }
    }

    /// What an order holds, over all shelves.
    pub fn held_by(&self, order: &str) -> i64 {
        self.held.get(order).map_or(0, |held| held.values().sum())
    }

    /// Holds what was touched since the last time against what should be there.
    pub fn check(&mut self, violations: &mut Vec<String>) {
        for shelf in std::mem::take(&mut self.touched) {
            let of = |sums: &BTreeMap<Shelf, i64>| sums.get(&shelf).copied().unwrap_or(0);
            let (available, reserved) = self.levels.get(&shelf).copied().unwrap_or((0, 0));
            let (sku, location) = &shelf;
            if available < 0 || reserved < 0 {
                violations.push(format!(
                    "stock: {sku} at {location} has {available} available, {reserved} reserved"
                ));
            }
            if reserved != of(&self.reserved) {
                let held = of(&self.reserved);
                violations.push(format!(
                    "stock: {reserved} of {sku} at {location} are reserved, orders hold {held}"
                ));
            }
            let there = of(&self.moved) - of(&self.shipped);
            if available + reserved != there {
                let on_hand = available + reserved;
                violations.push(format!("stock: {on_hand} of {sku} lie at {location}, {there} should"));
            }
            if of(&self.reserved) + of(&self.shipped) > of(&self.moved) {
                violations
                    .push(format!("oversold: more of {sku} at {location} is promised and sent than came"));
            }
        }
    }
}
