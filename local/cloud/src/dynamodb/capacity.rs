//! What a call consumed: always asked for, and told only to a caller who asked too.

use dynoxide::types::ConsumedCapacity;

use crate::{Capacity, Units};

/// What the caller asked of `ReturnConsumedCapacity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Nothing,
    Total,
    Indexes,
}

/// What a call consumed.
#[derive(Debug, Default)]
pub(super) struct Consumed {
    /// All of it, indexes included.
    pub(super) total: Units,
    /// Each table's own share, then each of its indexes', by name.
    pub(super) shares: Vec<Capacity>,
}

/// Has the call report its capacity, with indexes told apart. Returns what the caller asked.
pub(super) fn ask(mode: &mut Option<String>) -> Asked {
    let asked = match mode.as_deref() {
        None | Some("NONE") => Asked::Nothing,
        Some("INDEXES") => Asked::Indexes,
        Some("TOTAL") => Asked::Total,
        // Not a mode: left for the action to refuse.
        Some(_) => return Asked::Indexes,
    };
    *mode = Some("INDEXES".to_owned());
    asked
}

/// An answer's `ConsumedCapacity` member: one, or one per table.
pub(super) trait Report {
    fn each(&mut self) -> &mut [ConsumedCapacity];
    fn forget(&mut self);
}

impl Report for Option<ConsumedCapacity> {
    fn each(&mut self) -> &mut [ConsumedCapacity] {
        self.as_mut_slice()
    }

    fn forget(&mut self) {
        *self = None;
    }
}

impl Report for Option<Vec<ConsumedCapacity>> {
    fn each(&mut self) -> &mut [ConsumedCapacity] {
        self.as_deref_mut().unwrap_or_default()
    }

    fn forget(&mut self) {
        *self = None;
    }
}

/// Reads the report, and leaves of it what the caller asked for.
pub(super) fn settle(report: &mut impl Report, asked: Asked) -> Consumed {
    let mut consumed = Consumed::default();
    for table in report.each() {
        consumed.total += Units::from_reported(table.capacity_units);
        let mut share = |index: Option<&String>, units: f64| {
            let (table, index) = (table.table_name.clone(), index.cloned());
            consumed.shares.push(Capacity { table, index, units: Units::from_reported(units) });
        };
        // Where an action tells nothing apart, all of it is the table's.
        share(None, table.table.as_ref().map_or(table.capacity_units, |own| own.capacity_units));
        let indexes = table.global_secondary_indexes.iter().chain(&table.local_secondary_indexes).flatten();
        let mut indexes: Vec<_> = indexes.collect();
        indexes.sort_by_key(|(name, _)| *name);
        for (name, detail) in indexes {
            share(Some(name), detail.capacity_units);
        }
        if asked == Asked::Total {
            (table.table, table.global_secondary_indexes) = (None, None);
            (table.local_secondary_indexes, table.vector_indexes) = (None, None);
        }
    }
    if asked == Asked::Nothing {
        report.forget();
    }
    consumed
}
