//! Identity policies, decided as IAM decides them: denied unless a statement allows it, and an explicit deny wins.
//! A policy remembers which of its grants were needed, so that a test can name those that never are.

mod condition;
mod document;
mod grants;
mod statement;
mod wildcard;

use std::collections::BTreeMap;

pub use document::PolicyError;
pub use grants::Grant;
use serde_json::Value;
use statement::{Effect, Statement};

/// What a caller asks to do, to what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// Such as `dynamodb:PutItem`.
    pub action: String,
    /// An ARN, or `*` for an operation that is about no single resource.
    pub resource: String,
    /// Condition keys, such as `dynamodb:LeadingKeys`, in lower case, each with its values.
    pub context: BTreeMap<String, Vec<String>>,
}

impl Ask {
    /// Asks for `action` on `resource`, with no condition key known.
    pub fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { action: action.into(), resource: resource.into(), context: BTreeMap::new() }
    }

    /// The same, with a condition key known.
    #[must_use]
    pub fn with(mut self, key: &str, values: Vec<String>) -> Self {
        self.context.insert(key.to_ascii_lowercase(), values);
        self
    }
}

/// What a policy says to an [`Ask`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Allowed, by the statement of this index.
    Allowed {
        /// The index of the statement.
        statement: usize,
    },
    /// Not allowed.
    Denied {
        /// As AWS words it, to follow `… on resource: … `.
        why: String,
    },
}

/// The identity policy of one caller: the statements of all its documents.
#[derive(Debug)]
pub struct Policy {
    statements: Vec<Statement>,
}

impl Policy {
    /// Reads a policy document, or a list of documents whose statements count together.
    ///
    /// # Errors
    /// Whatever is not of the policy language, or is and not emulated: nothing is ignored.
    pub fn parse(document: &Value) -> Result<Self, PolicyError> {
        document::parse(document).map(|statements| Self { statements })
    }

    /// Decides, and remembers the grant that allowed it.
    pub fn decide(&self, ask: &Ask) -> Decision {
        let denies = |statement: &&Statement| statement.effect == Effect::Deny;
        if self.statements.iter().filter(denies).any(|statement| statement.matches(ask).is_some()) {
            return Decision::Denied { why: "with an explicit deny in an identity-based policy".to_owned() };
        }
        for (index, statement) in self.statements.iter().enumerate() {
            if statement.effect == Effect::Allow
                && let Some(grant) = statement.matches(ask)
            {
                statement.used.mark(grant);
                return Decision::Allowed { statement: index };
            }
        }
        Decision::Denied { why: format!("because no identity-based policy allows the {} action", ask.action) }
    }

    /// Every grant: each action of each allowing statement, on each of its resources.
    pub fn grants(&self) -> Vec<Grant> {
        let allows = |(_, statement): &(usize, &Statement)| statement.effect == Effect::Allow;
        self.statements
            .iter()
            .enumerate()
            .filter(allows)
            .flat_map(|(index, statement)| statement.grants(index))
            .collect()
    }

    /// The grants that no decision has needed. Where two statements grant the same, the later one counts as unused.
    pub fn unused(&self) -> Vec<Grant> {
        self.grants().into_iter().filter(|grant| !grant.used).collect()
    }
}
