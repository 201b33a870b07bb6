//! What things cost here and now: `load` brings together what a store's rules say, `compute` reckons, `tender` says what
//! it is paid with.

mod compute;
mod load;
mod tender;
#[cfg(test)]
mod tests;

pub use compute::{Computed, Discounted, Rules, discounted};
pub use load::{LineProblem, Quote, Wanted, quote};
pub use tender::Purse;
