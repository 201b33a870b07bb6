//! Levels of a SKU, as an item of the table holds them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::contact::LocationId;

/// What there is of a SKU at one location.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// What can be promised.
    pub available: u64,
    /// What is promised to orders that were not shipped yet.
    pub reserved: u64,
    /// Counts what staff and shipments changed. Reservations leave it: they change nothing on the shelf.
    pub version: u64,
}

impl Level {
    /// What lies on the shelf.
    pub fn on_hand(self) -> u64 {
        self.available.saturating_add(self.reserved)
    }

    /// Both together.
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            available: self.available.saturating_add(other.available),
            reserved: self.reserved.saturating_add(other.reserved),
            version: self.version.saturating_add(other.version),
        }
    }
}

/// Over how many buckets a SKU is spread. Only the first bucket says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    /// Into so many, from the first on, stock comes.
    pub open: u32,
    /// So many there are: those beyond `open` hold what was promised from them before there were fewer.
    pub items: u32,
}

/// What one bucket holds of a SKU, by location. A SKU has one bucket, unless its staff say otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Levels {
    /// The level at each location that ever had any. The first bucket knows every location that any other one does.
    pub locations: BTreeMap<LocationId, Level>,
    /// Counts all changes.
    pub revision: u64,
    /// In the first bucket of a SKU that has, or once had, several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<Spread>,
    /// Counts the times that stock was dealt over the buckets anew. Each bucket has the number of the last time that
    /// stock came to it or went from it so; the first one has the number of the last time of all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub deal: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Levels {
    /// What can be promised, over all locations.
    pub fn available(&self) -> u64 {
        self.locations.values().map(|level| level.available).sum()
    }

    /// The level at `location`, which is nothing where there never was any.
    pub fn at(&self, location: &LocationId) -> Level {
        self.locations.get(location).copied().unwrap_or_default()
    }

    /// Whether there may be more of the SKU in other buckets: one that is not the first has been dealt to, and the first
    /// one says how many there are.
    pub fn is_part(&self) -> bool {
        self.items() > 1 || (self.spread.is_none() && self.deal > 0)
    }

    /// How many buckets there are, where this is the first one.
    pub(super) fn items(&self) -> u32 {
        self.spread.map_or(1, |spread| spread.items.max(1))
    }

    /// Into how many of them stock comes.
    pub(super) fn open(&self) -> u32 {
        self.spread.map_or(1, |spread| spread.open.max(1))
    }
}
