//! What the tests of the whole market share: a market under a paused clock, and people who use it.

// An unwrap that fails is a test that fails.
#![allow(clippy::unwrap_used)]

mod api;
mod journey;
mod market;
mod people;

pub use api::{Answer, Api};
pub use journey::journey;
pub use market::{TestMarket, plain, template};
pub use people::{Shopper, Staff, until};
