//! One hot product beside many, one hot store beside many.

use std::path::Path;

use futures::{StreamExt as _, TryStreamExt as _};
use serde::Serialize;

use super::{
    base::{Base, SKU},
    inside,
    journey::{self, Stall},
    measure::{Load, Sales, sell_by_turns},
    table, token,
};
use crate::market::{BenchError, client::Client, process::MarketProcess};

/// How many stores are set up at the same time.
const AT_ONCE: usize = 4;
/// How often setting one up is tried again.
const TRIES: u32 = 5;

/// Two ways to sell the same, which are to cost the same.
#[derive(Debug, Serialize)]
pub(super) struct Beside {
    pub(super) names: [String; 2],
    pub(super) sales: [Sales; 2],
}

/// All want one product; then each wants the next one of many.
pub(super) async fn products(
    program: &Path,
    base: &Base,
    many: u64,
    load: Load,
) -> Result<Beside, BenchError> {
    let many = many.min(base.products);
    let market = MarketProcess::start_in(program, &base.folder).await?;
    let stall = |copy| Stall { sku: token::sku(copy), ..base.stall.clone() };
    let stalls: Vec<_> = (1..=many).map(stall).collect();
    let sales = sell_by_turns(&market, std::slice::from_ref(&base.stall), &stalls, load).await?;
    market.close().await?;
    let beside = Beside { names: ["one product".to_owned(), format!("{many} products")], sales };
    eprintln!("{}\n", table::beside(&beside));
    Ok(beside)
}

/// All buy in one store; then each buys in the next one of many.
pub(super) async fn stores(program: &Path, base: &Base, many: u64, load: Load) -> Result<Beside, BenchError> {
    eprintln!("{many} stores:");
    let keys = inside::provision(&base.folder, many).await?;
    let market = MarketProcess::start_in(program, &base.folder).await?;
    let stalls: Vec<_> = futures::stream::iter(keys)
        .map(|[publishable, secret]| {
            let address = market.address;
            async move {
                let keys = [publishable.as_str(), secret.as_str()];
                let mut tried = 0;
                loop {
                    let mut client = Client::connect(address).await?;
                    let sku = if tried == 0 { SKU.to_owned() } else { format!("{SKU}-{tried}") };
                    match journey::set_up(&mut client, keys, &sku).await {
                        // While expired items are looked for, requests come to nothing.
                        Err(BenchError::Market(_)) if tried < TRIES => tried += 1,
                        outcome => return outcome,
                    }
                }
            }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let sales = sell_by_turns(&market, std::slice::from_ref(&base.stall), &stalls, load).await?;
    market.close().await?;
    let beside = Beside { names: ["one store".to_owned(), format!("{many} stores")], sales };
    eprintln!("{}\n", table::beside(&beside));
    Ok(beside)
}
