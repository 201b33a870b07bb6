//! What a call was and what it cost.

use std::{fmt, iter::Sum, ops::AddAssign, time::Duration};

use crate::iam::Ask;

/// Told of every call, after it.
pub trait Observer: Send + Sync {
    /// Called once per call, in the order in which calls end.
    fn called(&self, record: &CallRecord);
}

/// One call, done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRecord {
    /// The caller's name.
    pub caller: String,
    /// The service, such as `dynamodb`.
    pub service: &'static str,
    /// The operation, such as `PutItem`.
    pub operation: String,
    /// The permissions it needed.
    pub asks: Vec<Ask>,
    /// The ARNs it was about.
    pub resources: Vec<String>,
    /// The partition keys it named, each with its table. DynamoDB only.
    pub keys: Vec<(String, String)>,
    /// How it ended.
    pub outcome: Outcome,
    /// The first permission that the caller's policy lacks for it.
    pub lacking: Option<Ask>,
    /// Capacity read.
    pub read_units: Units,
    /// Capacity written, indexes included.
    pub write_units: Units,
    /// The same capacity by table and index, as far as the service told: a refused call tells only how much.
    pub capacity: Vec<Capacity>,
    /// Length of the request's body.
    pub request_bytes: usize,
    /// Length of the answer's body.
    pub response_bytes: usize,
    /// How long the service took, by tokio's clock.
    pub duration: Duration,
}

/// What a call took of one table, or of one of its indexes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// The table's name.
    pub table: String,
    /// The index; the table itself where absent.
    pub index: Option<String>,
    /// How much.
    pub units: Units,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done, and the caller knows.
    Done,
    /// Refused, with this error code.
    Refused(String),
    /// Never heard of, by an injected fault.
    Disconnected,
    /// Done or refused, but the caller never learned which, by an injected fault.
    AnswerLost,
}

/// DynamoDB capacity units, exact: an eventually consistent read costs half of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Units {
    halves: u64,
}

impl Units {
    /// `units` whole units.
    pub fn whole(units: u64) -> Self {
        Self { halves: units.saturating_mul(2) }
    }

    /// From the number that DynamoDB's answers carry, to the nearest half.
    #[allow(clippy::float_arithmetic, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub fn from_reported(units: f64) -> Self {
        Self { halves: (units * 2.0).round().max(0.0) as u64 }
    }

    /// How many halves.
    pub fn halves(self) -> u64 {
        self.halves
    }

    /// What each of so many takes of these, to the half above.
    pub fn shared_by(self, many: usize) -> Self {
        Self { halves: self.halves.div_ceil(many.max(1) as u64) }
    }
}

impl AddAssign for Units {
    fn add_assign(&mut self, other: Self) {
        self.halves = self.halves.saturating_add(other.halves);
    }
}

impl Sum for Units {
    fn sum<I: Iterator<Item = Self>>(units: I) -> Self {
        units.fold(Self::default(), |mut total, one| {
            total += one;
            total
        })
    }
}

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.halves / 2, if self.halves % 2 == 1 { ".5" } else { "" })
    }
}
