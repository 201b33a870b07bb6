//! Price lists: what things cost for whom, when, and in which quantities.
//!
//! A list holds entries for SKUs, or takes a percentage off everything; [`resolve`] is a pure function of what applies.

mod entry;
mod model;
mod prices;
mod resolve;
mod storage;
#[cfg(test)]
mod tests;

pub use entry::{Entry, EntryInput, PriceTier};
pub use model::{ChangePriceList, ListKind, ListStatus, NewPriceList, PriceList};
pub use prices::Prices;
pub use resolve::{Resolved, resolve};
pub use storage::{
    ChangeEntries, ChangedEntries, archive, change, change_entries, create, entries, get, list, load, view,
};
