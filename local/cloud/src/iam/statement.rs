//! One statement of a policy.

use super::{Ask, Grant, condition::Condition, grants::Used, wildcard::Wildcard};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Debug)]
pub(super) enum Scope {
    Only(Vec<Wildcard>),
    AllBut(Vec<Wildcard>),
}

impl Scope {
    /// Which pattern covers `text`. What is covered by being left out counts as the first.
    fn covers(&self, text: &str) -> Option<usize> {
        match self {
            Self::Only(patterns) => patterns.iter().position(|pattern| pattern.matches(text)),
            Self::AllBut(patterns) => (!patterns.iter().any(|pattern| pattern.matches(text))).then_some(0),
        }
    }

    /// The patterns as grants name them.
    fn names(&self) -> Vec<String> {
        match self {
            Self::Only(patterns) => patterns.iter().map(ToString::to_string).collect(),
            Self::AllBut(patterns) => {
                let left_out = patterns.iter().map(ToString::to_string).collect::<Vec<_>>();
                vec![format!("all but {}", left_out.join(", "))]
            }
        }
    }

    pub(super) fn rows(&self) -> usize {
        match self {
            Self::Only(patterns) => patterns.len(),
            Self::AllBut(_) => 1,
        }
    }
}

#[derive(Debug)]
pub(super) struct Statement {
    pub(super) effect: Effect,
    pub(super) actions: Scope,
    pub(super) resources: Scope,
    pub(super) conditions: Vec<Condition>,
    pub(super) used: Used,
}

impl Statement {
    /// The action and resource by which it applies to `ask`, if it does.
    pub(super) fn matches(&self, ask: &Ask) -> Option<(usize, usize)> {
        let grant = (self.actions.covers(&ask.action)?, self.resources.covers(&ask.resource)?);
        self.conditions.iter().all(|condition| condition.holds(&ask.context)).then_some(grant)
    }

    pub(super) fn grants(&self, statement: usize) -> Vec<Grant> {
        let resources = self.resources.names();
        let mut grants = Vec::new();
        for (row, action) in self.actions.names().into_iter().enumerate() {
            for (column, resource) in resources.iter().enumerate() {
                let used = self.used.is_marked((row, column));
                grants.push(Grant { statement, action: action.clone(), resource: resource.clone(), used });
            }
        }
        grants
    }
}
