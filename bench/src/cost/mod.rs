//! What an order costs: the whole journey, played on the emulated services, with everything billable counted.
//!
//! Time is virtual, so that a shopper's pauses cost none, and counts are the same from run to run. What functions
//! worked is this machine's time, with the emulated services in it.

mod calls;
mod items;
mod table;

use std::{error::Error, path::PathBuf, time::Duration};

use clap::Args;
use futures::future::join_all;
use souk_local::{
    bill::{Bill, Prices, Usage},
    engine::Happening,
};
use souk_tests::{FakeStripe, TestMarket, purchase, stock_up};

/// How often a figure is for.
const MILLION: u64 = 1_000_000;

/// What is asked for.
#[derive(Args)]
pub(crate) struct Options {
    /// Lists every call of one purchase, and what it leaves in the tables
    #[arg(long)]
    calls: bool,
    /// How many orders the busy shop has, one a second
    #[arg(long, default_value_t = 100)]
    busy: u64,
    /// Where the JSON goes
    #[arg(long, default_value = "target/cost.json")]
    json: PathBuf,
}

/// What was measured.
struct Measured {
    name: String,
    orders: u64,
    usage: Usage,
    bill: Bill,
}

impl Measured {
    fn new(name: &str, orders: u64, usage: Usage, prices: &Prices) -> Result<Self, Box<dyn Error>> {
        let bill = prices.bill(&usage, MILLION / orders.max(1))?;
        Ok(Self { name: name.to_owned(), orders, usage, bill })
    }
}

/// Plays and prints.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(async {
        if options.calls {
            return list().await;
        }
        let prices = Prices::listed()?;
        let mut all = Vec::new();
        let market = open().await;
        let mut cold = usage(&one(&market, "first", 1).await);
        cold.start_cold();
        all.push(Measured::new("1 line, cold", 1, cold, &prices)?);
        for lines in [1_usize, 5, 20] {
            let happened = one(&market, &format!("with-{lines}"), lines).await;
            let plural = if lines == 1 { "" } else { "s" };
            all.push(Measured::new(&format!("{lines} line{plural}"), 1, usage(&happened), &prices)?);
        }
        let busy = busy(&market, options.busy).await;
        all.push(Measured::new("1 line, busy", options.busy, usage(&busy), &prices)?);
        let after = one(&market, "last", 1).await;
        all.push(Measured::new(&format!("after {}", options.busy + 4), 1, usage(&after), &prices)?);
        let live = open_at_stripe().await;
        one(&live, "first", 1).await;
        all.push(Measured::new("1 line, Stripe", 1, usage(&one(&live, "second", 1).await), &prices)?);
        println!("{}", table::of(&all, &prices));
        if let Some(folder) = options.json.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&options.json, serde_json::to_string_pretty(&table::json(&all, &prices))?)?;
        println!("\n{} has the same as JSON, and each call by function.", options.json.display());
        Ok(())
    })
}

/// A shop, with all that opening it took done.
async fn open() -> TestMarket {
    let market = TestMarket::open(|_| {}).await;
    stock_up(&market.staff(), 1_000_000).await;
    settled(&market).await;
    market
}

/// The same shop, paid through Stripe: what it keeps of payments is its own. What Stripe does is played, and what Stripe
/// would notify it of is not.
async fn open_at_stripe() -> TestMarket {
    let stripe = FakeStripe::default();
    let market = TestMarket::open(|options| options.outside = Some(stripe.outside())).await;
    FakeStripe::connect(&market, None).await;
    stock_up(&market.staff(), 1_000_000).await;
    settled(&market).await;
    market
}

/// All that happens for one order.
async fn one(market: &TestMarket, name: &str, lines: usize) -> Vec<Happening> {
    let before = market.happenings().len();
    purchase(&market.shopper(), name, lines, false).await;
    settled(market).await;
    market.happenings().split_off(before)
}

/// All that happens for so many orders of one line, begun a second apart.
async fn busy(market: &TestMarket, orders: u64) -> Vec<Happening> {
    let before = market.happenings().len();
    join_all((0..orders).map(|number| async move {
        tokio::time::sleep(Duration::from_secs(number)).await;
        purchase(&market.shopper(), &format!("busy-{number}"), 1, false).await
    }))
    .await;
    settled(market).await;
    market.happenings().split_off(before)
}

fn usage(happenings: &[Happening]) -> Usage {
    let mut usage = Usage::default();
    happenings.iter().for_each(|happening| usage.add(happening));
    usage
}

async fn list() -> Result<(), Box<dyn Error>> {
    let market = open().await;
    one(&market, "first", 1).await;
    let before = market.happenings().len();
    let order = purchase(&market.shopper(), "second", 1, false).await;
    settled(&market).await;
    let happened = market.happenings().split_off(before);
    calls::print(&happened);
    let text = |name: &str| order[name].as_str().unwrap_or_default();
    items::print(&market, &[text("id"), text("cart_id")]).await;
    Ok(())
}

/// Waits until nothing is left to do, the last of it was told, and the next shopper finds the shop at rest.
async fn settled(market: &TestMarket) {
    market.market.settled().await;
    tokio::time::sleep(Duration::from_secs(40)).await;
}
