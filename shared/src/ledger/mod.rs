//! The books: double-entry, append-only, per store and currency.
//!
//! `rules` says which event posts what, and is pure; `entry` can't hold what isn't balanced; `posting` writes an entry
//! and its balances in one transaction, once for each event; `balance`, `list` and `export` read them. `compare` and
//! `reconcile` hold them against what the payment providers say.

mod account;
mod balance;
mod compare;
mod entry;
mod export;
mod hear;
mod late_fee;
mod list;
mod posting;
mod reconcile;
mod rules;

pub use account::{Account, Side};
pub use balance::{
    AccountBalance, Accounts, Period, Periods, TrialBalance, TrialLine, TrialTotal, Turnover, Turnovers,
    accounts, trial_balance, turnovers,
};
pub use compare::{Compared, Difference, Record, by_order, compare};
pub use entry::{Draft, Entry, Line, Lines, Unbalanced};
pub use export::Format;
pub use hear::{book, hear};
pub use list::{AskStatement, ListEntries, Statement, StatementLine, entries, statement};
pub use posting::post;
pub use reconcile::{Failure, ListReconciliations, Reconciliation, reconcile, reconciliations};
pub use rules::{ORDER_EVENTS, of_change, of_order, tax_of_refund};
