//! What a call consumed: always asked for, and told only to a caller who asked too.

use dynoxide::types::ConsumedCapacity;

use crate::Units;

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
    /// The tables' own share, without their indexes'. Known only where indexes were told apart.
    pub(super) tables: Vec<(String, Units)>,
}

/// Has the call report its capacity, with indexes told apart where `by_index`. Returns what the caller asked.
pub(super) fn ask(mode: &mut Option<String>, by_index: bool) -> Asked {
    let asked = match mode.as_deref() {
        None | Some("NONE") => Asked::Nothing,
        Some("INDEXES") => Asked::Indexes,
        Some("TOTAL") => Asked::Total,
        // Not a mode: left for the action to refuse.
        Some(_) => return Asked::Indexes,
    };
    let wanted = if by_index || asked == Asked::Indexes { "INDEXES" } else { "TOTAL" };
    *mode = Some(wanted.to_owned());
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
        if let Some(own) = &table.table {
            consumed.tables.push((table.table_name.clone(), Units::from_reported(own.capacity_units)));
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
