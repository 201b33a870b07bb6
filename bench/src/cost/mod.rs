//! What an order costs: the whole journey, played on the emulated services, with everything billable counted.

mod calls;

use std::{error::Error, path::PathBuf};

use clap::Args;
use souk_local::bill::{Prices, Usage};
use souk_local::console::Style;
use souk_tests::{TestMarket, purchase, stock_up};

/// What is asked for.
#[derive(Args)]
pub(crate) struct Options {
    /// Lists every call of one purchase
    #[arg(long)]
    calls: bool,
    /// Where the JSON goes
    #[arg(long, default_value = "target/cost.json")]
    json: PathBuf,
}

/// Plays and prints.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(async {
        let market = TestMarket::open(|_| {}).await;
        stock_up(&market.staff(), 1000).await;
        market.market.settled().await;
        purchase(&market.shopper(), "ada", 1).await;
        settled(&market).await;
        let before = market.happenings().len();
        purchase(&market.shopper(), "bob", 1).await;
        settled(&market).await;
        let happenings = market.happenings().split_off(before);
        if options.calls {
            calls::print(&happenings);
        }
        let mut usage = Usage::default();
        happenings.iter().for_each(|happening| usage.add(happening));
        let prices = Prices::listed()?;
        println!("{}", prices.bill(&usage, 1_000_000)?.table(Style::for_terminal().paint()));
        Ok(())
    })
}

/// Waits until nothing is left to do, and the last of it was told.
async fn settled(market: &TestMarket) {
    market.market.settled().await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
}
