//! What the tests of the whole market share: a market under a paused clock, and people who use it.

// Only tests use it: what goes wrong here ends one.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod api;
pub mod compiled;
mod customer;
mod dice;
mod integration;
mod jitter;
mod journey;
mod market;
mod member;
mod people;
mod purchase;
mod stripe;
mod teardown;

pub use api::{Answer, Api};

pub use customer::Customer;
pub use dice::Dice;
pub use integration::{Browser, Integration, OWNER, field};
pub use jitter::Jitter;
pub use journey::journey;
pub use market::{TestMarket, plain, template};
pub use member::{Member, PASSWORD, accept, code_at, mailed_token};
pub use people::{Shopper, Staff, until};
pub use purchase::{SHELF, purchase, sku, stock_up};
pub use stripe::{FakeStripe, Trouble};
