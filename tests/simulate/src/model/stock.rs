//! Stock: what lies where, what is promised, and that nothing is promised twice.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A SKU and a location.
type Shelf = (String, String);

/// Numbers of one shelf, by bucket.
type ByBucket<T> = BTreeMap<Shelf, BTreeMap<u64, T>>;

/// What there should be, and what there is.
#[derive(Debug, Default)]
pub struct Stock {
    /// What the tables say: available and reserved.
    levels: ByBucket<(i64, i64)>,
    /// How many buckets each SKU has, as its first one says, and how often it was dealt over them.
    buckets: BTreeMap<String, (u64, u64)>,
    /// What each order holds.
    held: BTreeMap<String, BTreeMap<(Shelf, u64), i64>>,
    /// How many parcels of an order took what they held.
    parcels: BTreeMap<String, usize>,
    /// The sum of what orders hold.
    reserved: ByBucket<i64>,
    /// The sum of what was brought and taken.
    moved: BTreeMap<Shelf, i64>,
    /// The sum of what was sent.
    shipped: BTreeMap<Shelf, i64>,
    /// The versions of shelves that movements made.
    versions: BTreeSet<(Shelf, u64)>,
    touched: BTreeSet<Shelf>,
}

impl Stock {
    /// A bucket of a SKU was written, or taken away: `of` is the SKU, with the bucket's number behind it where it is not
    /// the first one. How often stock was dealt by that.
    pub fn level(&mut self, of: &str, item: &Value, violations: &mut Vec<String>) -> u32 {
        let (sku, bucket) = of.split_once('/').unwrap_or((of, "0"));
        let bucket = bucket.parse().unwrap_or(u64::MAX);
        let there: BTreeSet<&str> = item["locations"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(location, _)| location.as_str())
            .collect();
        for (shelf, levels) in &mut self.levels {
            // What is not there any more holds nothing.
            if shelf.0 == sku && !there.contains(shelf.1.as_str()) && levels.remove(&bucket).is_some() {
                self.touched.insert(shelf.clone());
            }
        }
        for (location, level) in item["locations"].as_object().into_iter().flatten() {
            let number = |name: &str| level[name].as_i64().unwrap_or(i64::MIN);
            let shelf = (sku.to_owned(), location.clone());
            let levels = self.levels.entry(shelf.clone()).or_default();
            levels.insert(bucket, (number("available"), number("reserved")));
            self.touched.insert(shelf);
        }
        if bucket > 0 {
            return 0;
        }
        let now = (item["spread"]["items"].as_u64().unwrap_or(1), item["deal"].as_u64().unwrap_or(0));
        let before = self.buckets.insert(sku.to_owned(), now).map_or(0, |(_, deals)| deals);
        if now.1 != before && now.1 != before + 1 {
            violations.push(format!("stock: {sku} was dealt {before} times and then {}", now.1));
        }
        u32::from(now.1 != before)
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
        let there = self.moved[&shelf] - self.shipped.get(&shelf).copied().unwrap_or(0);
        if item["on_hand"].as_i64() != Some(there) {
            let told = &item["on_hand"];
            violations.push(format!("stock: a movement says that {told} lie at {shelf:?}, {there} should"));
        }
        self.touched.insert(shelf);
    }

    /// An order's reservation was written.
    pub fn reserved(&mut self, order: &str, item: &Value) {
        let mut now: BTreeMap<(Shelf, u64), i64> = BTreeMap::new();
        for part in item["allocations"].as_array().into_iter().flatten() {
            let text = |name: &str| part[name].as_str().unwrap_or_default().to_owned();
            let bucket = part["bucket"].as_u64().unwrap_or(0);
            *now.entry(((text("sku"), text("location")), bucket)).or_default() +=
                part["quantity"].as_i64().unwrap_or(0);
        }
        let before = self.held.insert(order.to_owned(), now.clone()).unwrap_or_default();
        let parcels = item["shipped"].as_array().map_or(0, Vec::len);
        let sent = parcels > self.parcels.insert(order.to_owned(), parcels).unwrap_or(0);
        let places: BTreeSet<(Shelf, u64)> = before.keys().chain(now.keys()).cloned().collect();
        for place in places {
            let of = |held: &BTreeMap<(Shelf, u64), i64>| held.get(&place).copied().unwrap_or(0);
            let change = of(&now) - of(&before);
            let (shelf, bucket) = place;
            *self.reserved.entry(shelf.clone()).or_default().entry(bucket).or_default() += change;
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

    /// What the tables say can be promised of `sku`, and what is promised.
    pub fn of(&self, sku: &str) -> (i64, i64) {
        let levels =
            self.levels.iter().filter(|((of, _), _)| of == sku).flat_map(|(_, levels)| levels.values());
        levels.fold((0, 0), |sum, level| (sum.0 + level.0, sum.1 + level.1))
    }

    /// Holds what was touched since the last time against what should be there: in each bucket, and in all together.
    pub fn check(&mut self, violations: &mut Vec<String>) {
        for shelf in std::mem::take(&mut self.touched) {
            let (sku, location) = &shelf;
            let levels = self.levels.get(&shelf).cloned().unwrap_or_default();
            let held = self.reserved.get(&shelf).cloned().unwrap_or_default();
            let many = self.buckets.get(sku).map_or(1, |(items, _)| *items);
            for bucket in levels.keys().chain(held.keys()).collect::<BTreeSet<_>>() {
                let (available, reserved) = levels.get(bucket).copied().unwrap_or((0, 0));
                let held = held.get(bucket).copied().unwrap_or(0);
                let place = format!("{sku} at {location}, bucket {bucket},");
                if available < 0 || reserved < 0 {
                    violations.push(format!("stock: {place} has {available} available, {reserved} reserved"));
                }
                if reserved != held {
                    violations.push(format!("stock: {place} has {reserved} reserved, orders hold {held}"));
                }
                if *bucket >= many && (available, reserved) != (0, 0) {
                    violations.push(format!("stock: {place} has something, and there are {many} buckets"));
                }
            }
            let of = |sums: &BTreeMap<Shelf, i64>| sums.get(&shelf).copied().unwrap_or(0);
            let on_hand: i64 = levels.values().map(|(available, reserved)| available + reserved).sum();
            let there = of(&self.moved) - of(&self.shipped);
            if on_hand != there {
                violations.push(format!("stock: {on_hand} of {sku} lie at {location}, {there} should"));
            }
            if held.values().sum::<i64>() + of(&self.shipped) > of(&self.moved) {
                violations
                    .push(format!("oversold: more of {sku} at {location} is promised and sent than came"));
            }
        }
    }
}
