//! A shard's records, dealt to lanes by their key, and how far all of them have come together.

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Mutex, PoisonError},
};

use serde_json::Value;

/// The lane of an item: the same for all of its changes, so that they stay in order.
pub(super) fn lane_of(keys: &Value, lanes: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    keys.to_string().hash(&mut hasher);
    usize::try_from(hasher.finish() % u64::try_from(lanes.max(1)).unwrap_or(1)).unwrap_or(0)
}

/// Which records are read and not yet done.
#[derive(Debug, Default)]
pub(super) struct Progress(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    open: BTreeSet<u64>,
    read: u64,
}

impl Progress {
    /// A record was read; `open` where somebody works on it.
    pub(super) fn read(&self, sequence: u64, open: bool) {
        let mut state = self.lock();
        state.read = sequence;
        if open {
            state.open.insert(sequence);
        }
    }

    /// A record is done. The last record before which all are done.
    pub(super) fn done(&self, sequences: impl IntoIterator<Item = u64>) -> u64 {
        let mut state = self.lock();
        for sequence in sequences {
            state.open.remove(&sequence);
        }
        state.floor()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn floor(&self) -> u64 {
        self.open.first().map_or(self.read, |first| first.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn progress_stops_before_the_first_record_in_work() {
        let progress = Progress::default();
        for sequence in 10..=14 {
            progress.read(sequence, sequence != 12);
        }
        assert_eq!(progress.done([11]), 9);
        assert_eq!(progress.done([10]), 12);
        assert_eq!(progress.done([14]), 12);
        assert_eq!(progress.done([13]), 14);
    }

    #[test]
    fn changes_of_one_item_share_a_lane_and_items_spread() {
        let lane = |n: u32| lane_of(&json!({"pk": {"S": format!("item-{n}")}}), 4);
        assert_eq!(lane(1), lane(1));
        let used: BTreeSet<_> = (0..50).map(lane).collect();
        assert_eq!(used.len(), 4);
    }
}
