//! The books: double-entry, append-only, per store and currency.
//!
//! `rules` says which event posts what, and is pure; `entry` can't hold what isn't balanced; `posting` writes an entry
//! down, once for each event. `carry` sums entries by month and keeps what they come to in a `checkpoint`, behind the
//! present; `balance`, `list`, `of_order` and `export` read. `compare` and `reconcile` hold the books against what the
//! payment providers say.

mod account;
mod balance;
mod carry;
mod checkpoint;
mod compare;
mod entry;
mod export;
mod hear;
mod late_fee;
mod list;
mod of_order;
mod period;
mod posting;
mod reconcile;
mod rules;
mod turnover;

pub use account::{Account, Side};
pub use balance::{
    AccountBalance, Accounts, TrialBalance, TrialLine, TrialTotal, accounts, trial_balance, turnovers,
};
pub use carry::carry_forward;
pub use compare::{Compared, Difference, Record, by_order, compare};
pub use entry::{Draft, Entry, Line, Lines, Unbalanced};
pub use export::Format;
pub use hear::{book, hear};
pub use list::{AskStatement, ListEntries, Statement, StatementLine, entries, statement};
pub use period::{Period, Periods};
pub use posting::post;
pub use reconcile::{Failure, ListReconciliations, Reconciliation, reconcile, reconciliations};
pub use rules::{ORDER_EVENTS, of_change, of_order, tax_of_refund};
pub use turnover::{Turnover, Turnovers};
