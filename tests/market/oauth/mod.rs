//! Integrations: how they are registered, let in, and kept to what they were given.

mod clients;
mod codes;
mod keys;
mod pages;
mod refresh;
mod tokens;

use souk_tests::{TestMarket, functions, hire};

/// A market whose owner and whose reader can log in.
async fn market() -> TestMarket {
    let market = TestMarket::open(|options| options.functions = functions()).await;
    hire(&market, 1, "owner").await;
    hire(&market, 2, "read_only").await;
    market
}
