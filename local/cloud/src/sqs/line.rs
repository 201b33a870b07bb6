//! Which visible message is received next: any in a standard queue, by group in a FIFO queue.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// The visible messages of a queue, in the order in which they are received.
#[derive(Debug)]
pub(super) enum Line {
    /// By the moment of becoming visible, then by arrival: a message that comes back goes to the end, so
    /// that it can't starve the others.
    Standard(BTreeSet<(i64, u64)>),
    /// By group.
    Fifo(Groups),
}

impl Line {
    pub fn new(fifo: bool) -> Self {
        if fifo { Self::Fifo(Groups::default()) } else { Self::Standard(BTreeSet::new()) }
    }

    /// A message became visible at `since`.
    pub fn enter(&mut self, since: i64, seq: u64, group: Option<&Arc<str>>) {
        match (self, group) {
            (Self::Standard(line), _) => {
                line.insert((since, seq));
            }
            (Self::Fifo(groups), Some(group)) => groups.change(group, |group| {
                group.waiting.insert(seq);
            }),
            (Self::Fifo(_), None) => {}
        }
    }

    /// A visible message is gone.
    pub fn leave(&mut self, since: i64, seq: u64, group: Option<&Arc<str>>) {
        match (self, group) {
            (Self::Standard(line), _) => {
                line.remove(&(since, seq));
            }
            (Self::Fifo(groups), Some(group)) => groups.change(group, |group| {
                group.waiting.remove(&seq);
            }),
            (Self::Fifo(_), None) => {}
        }
    }

    /// Takes up to `max` messages out of the line. Their groups are blocked until each is [`Self::done`].
    pub fn take(&mut self, max: usize) -> Vec<u64> {
        match self {
            Self::Standard(line) => {
                std::iter::from_fn(|| line.pop_first()).take(max).map(|(_, seq)| seq).collect()
            }
            Self::Fifo(groups) => groups.take(max),
        }
    }

    /// A message is hidden that was visible: as if taken.
    pub fn withdraw(&mut self, since: i64, seq: u64, group: Option<&Arc<str>>) {
        self.leave(since, seq, group);
        if let (Self::Fifo(groups), Some(group)) = (self, group) {
            groups.change(group, |group| group.busy += 1);
        }
    }

    /// A taken message is deleted, or visible again (enter it first, so that it keeps its turn).
    pub fn done(&mut self, group: Option<&Arc<str>>) {
        if let (Self::Fifo(groups), Some(group)) = (self, group) {
            groups.change(group, |group| group.busy = group.busy.saturating_sub(1));
        }
    }
}

/// The groups of a FIFO queue. While a message of a group is in flight, none of the group is received.
#[derive(Debug, Default)]
pub(super) struct Groups {
    groups: HashMap<Arc<str>, Group>,
    /// The groups that may be received from, by the arrival of their first message.
    ready: BTreeSet<(u64, Arc<str>)>,
}

#[derive(Debug, Default)]
struct Group {
    waiting: BTreeSet<u64>,
    busy: usize,
}

impl Group {
    fn head(&self) -> Option<u64> {
        if self.busy == 0 { self.waiting.first().copied() } else { None }
    }
}

impl Groups {
    /// Changes one group and keeps `ready` true.
    fn change(&mut self, name: &Arc<str>, change: impl FnOnce(&mut Group)) {
        let group = self.groups.entry(Arc::clone(name)).or_default();
        let before = group.head();
        change(group);
        let after = group.head();
        let empty = group.busy == 0 && group.waiting.is_empty();
        if before != after {
            if let Some(seq) = before {
                self.ready.remove(&(seq, Arc::clone(name)));
            }
            if let Some(seq) = after {
                self.ready.insert((seq, Arc::clone(name)));
            }
        }
        if empty {
            self.groups.remove(name);
        }
    }

    fn take(&mut self, max: usize) -> Vec<u64> {
        let mut taken = Vec::new();
        while taken.len() < max {
            let Some((_, name)) = self.ready.first().cloned() else { break };
            self.change(&name, |group| {
                while taken.len() < max
                    && let Some(seq) = group.waiting.pop_first()
                {
                    taken.push(seq);
                    group.busy += 1;
                }
            });
        }
        taken
    }
}
