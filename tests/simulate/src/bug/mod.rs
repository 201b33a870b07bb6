//! Bugs that are planted on purpose, to see whether the simulation finds them.
//!
//! They are planted in what a function asks of AWS, on its way there, or in how its invocations end: so no other build
//! is needed, and none is in the product.

mod expression;
mod list;
mod plant;

pub use list::BUGS;
pub use plant::Planted;

/// A kind of item: the first part of its key behind the tenant, and what its sort key begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// The end of the table's name.
    pub table: &'static str,
    /// What its partition key begins with, behind the tenant.
    pub pk: &'static str,
    /// What its sort key begins with.
    pub sk: &'static str,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Writes of such items have no condition.
    Unconditional(Family),
    /// Such items are written at a place that is drawn, not where what they are of says.
    Astray(Family),
    /// What is done to such items is done to the first bucket of the same SKU instead.
    ToFirst(Family),
    /// Such items are left out of transactions.
    LeftOut(Family),
    /// Writes of such items alone are said to be done, and are not.
    Unwritten(Family),
    /// Such a call is said to be done, and is not.
    Undone(&'static str),
    /// A number in such items is one more than it should be.
    OffBy {
        /// In which items.
        family: Family,
        /// The attribute or the placeholder.
        name: &'static str,
        /// By how much.
        by: i64,
    },
    /// Such items that are put lack an attribute.
    Lacking {
        /// Which items.
        family: Family,
        /// The attribute.
        name: &'static str,
    },
    /// What is read of such partitions lacks what was written last.
    Stale(Family),
    /// Failures of messages are not told: they don't come again.
    Swallowed,
    /// Messages are said to be done before they are worked on, and an invocation that dies loses them.
    Early,
    /// Only the first record of a batch is worked on, and all are said to be done.
    FirstOnly,
}

/// A bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bug {
    /// Its name.
    pub name: &'static str,
    /// In which function.
    pub function: &'static str,
    /// What is wrong.
    pub how: How,
    /// How often it shows, in ten thousandths.
    pub chance: u32,
}

impl Bug {
    /// The bug called so.
    pub fn named(name: &str) -> Option<&'static Self> {
        BUGS.iter().find(|bug| bug.name == name)
    }
}
