//! Which grants of a policy were needed.

use std::sync::atomic::{AtomicBool, Ordering};

/// One action on one resource, as a statement grants it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// The index of the statement.
    pub statement: usize,
    /// The action as the statement writes it.
    pub action: String,
    /// The resource as the statement writes it.
    pub resource: String,
    /// Whether a decision has needed it.
    pub used: bool,
}

/// The used marks of a statement: a row per action, a column per resource.
#[derive(Debug)]
pub(super) struct Used {
    columns: usize,
    marks: Vec<AtomicBool>,
}

impl Used {
    pub(super) fn new(actions: usize, resources: usize) -> Self {
        Self { columns: resources, marks: (0..actions * resources).map(|_| AtomicBool::new(false)).collect() }
    }

    pub(super) fn mark(&self, (action, resource): (usize, usize)) {
        if let Some(mark) = self.marks.get(action * self.columns + resource) {
            mark.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn is_marked(&self, (action, resource): (usize, usize)) -> bool {
        self.marks.get(action * self.columns + resource).is_some_and(|mark| mark.load(Ordering::Relaxed))
    }
}
