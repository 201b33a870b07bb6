//! What a cart costs here and now: `load` brings together what a store's rules say, `compute` reckons.

mod compute;

pub use compute::{Computed, Gifts, Rules, Ship, compute};
