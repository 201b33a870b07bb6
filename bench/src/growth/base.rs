//! The folder of a market that has sold twice: what a store is copied from.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use souk::id::OrderId;
use souk_local::seed;

use super::{
    journey::{self, Stall},
    keep::Kept,
    mold::Mold,
    token::{self, Nth},
};
use crate::market::{BenchError, client::Client, phases, process::MarketProcess};

/// What is sold to measure with.
pub(super) const SKU: &str = "BENCH";
/// How many copies are written in one transaction.
const AT_ONCE: u64 = 5000;
/// How long an invoice may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder to start a market on. It is deleted with this.
pub(super) struct Base {
    pub(super) folder: PathBuf,
    pub(super) stall: Stall,
    order: Mold,
    product: Mold,
    original: OrderId,
    /// How many copies of the order there are.
    pub(super) orders: u64,
    /// How many copies of the product there are.
    pub(super) products: u64,
}

impl Drop for Base {
    fn drop(&mut self) {
        // What can't be deleted is in the system's folder for what is temporary.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Base {
    /// Lets a market sell once, for what each store has once, then make one product and sell again, for the molds.
    pub(super) async fn make(program: &Path, name: &str) -> Result<Self, BenchError> {
        let folder = std::env::temp_dir().join(format!("souk-growth-{}-{name}", std::process::id()));
        let market = MarketProcess::start_in(program, &folder).await?;
        let mut client = Client::connect(market.address).await?;
        let keys = [seed::PUBLISHABLE_KEY, seed::SECRET_KEY];
        let stall = journey::set_up(&mut client, keys, SKU).await?;
        journey::buy(&mut client, &stall).await?;
        invoiced(&market, &folder, 1).await?;
        market.close().await?;
        let kept = Kept::open(&folder)?;
        let known = kept.keys()?;
        kept.close()?;

        let market = MarketProcess::start_in(program, &folder).await?;
        let mut client = Client::connect(market.address).await?;
        journey::stock(&mut client, seed::SECRET_KEY, &token::sku(0)).await?;
        let (_, id) = journey::buy(&mut client, &stall).await?;
        invoiced(&market, &folder, 2).await?;
        market.close().await?;
        let kept = Kept::open(&folder)?;
        let new = kept.new_since(&known)?;
        kept.forget_people()?;
        kept.close()?;
        let original = id.parse().map_err(|_| BenchError::Market(format!("{id} is no order's id")))?;
        let (order, product) = (Mold::of_order(&new, &id)?, Mold::of_product(&new)?);
        eprintln!(
            "an order is {} items ({} bytes), a product {} ({} bytes)",
            order.items,
            order.bytes(),
            product.items,
            product.bytes()
        );
        Ok(Self { folder, stall, order, product, original, orders: 0, products: 0 })
    }

    /// Copies products and orders until there are so many.
    pub(super) fn fill(&mut self, products: u64, orders: u64) -> Result<(), BenchError> {
        let kept = Kept::open(&self.folder)?;
        let last = kept.last_invoice(seed::STORE)?;
        if products > self.products {
            copy(&kept, &self.product, "products", self.products, products, 0)?;
            kept.count_products(seed::STORE, products - self.products, self.product.bytes())?;
            self.products = products;
        }
        if orders > self.orders {
            copy(&kept, &self.order, "orders", self.orders, orders, last)?;
            self.orders = orders;
        }
        kept.close()
    }

    /// The id of a copy of the order.
    pub(super) fn copied_order(&self, copy: u64) -> String {
        token::derived(self.original, Nth { copy, number: 0 }).to_string()
    }

    /// The size of all files in the folder, in bytes.
    pub(super) fn size(&self) -> Result<u64, BenchError> {
        let mut size = 0;
        for entry in std::fs::read_dir(&self.folder)? {
            size += entry?.metadata()?.len();
        }
        Ok(size)
    }
}

/// Makes the copies from `have` to `want`, the oldest first: they are what the tables' trees are appended by.
fn copy(kept: &Kept, mold: &Mold, what: &str, have: u64, want: u64, numbers: u64) -> Result<(), BenchError> {
    let began = Instant::now();
    let mut told = began;
    kept.begin()?;
    for (done, copy) in (have + 1..=want).rev().enumerate() {
        let done = u64::try_from(done).unwrap_or(u64::MAX) + 1;
        mold.copy(kept, Nth { copy, number: numbers + done })?;
        if done % AT_ONCE == 0 {
            kept.commit()?;
            kept.begin()?;
            if told.elapsed() > Duration::from_secs(10) {
                told = Instant::now();
                eprintln!("  {done} of {} {what}, {} s", want - have, began.elapsed().as_secs());
            }
        }
    }
    kept.commit()?;
    eprintln!("  {want} {what} stored, in {} s", began.elapsed().as_secs());
    Ok(())
}

/// Waits until the store has so many invoices, which are the last thing that comes of an order, and all is at rest.
async fn invoiced(market: &MarketProcess, folder: &Path, count: u64) -> Result<(), BenchError> {
    let began = Instant::now();
    loop {
        phases::at_rest(market).await?;
        let kept = Kept::open(folder)?;
        if kept.last_invoice(seed::STORE)? >= count {
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            return Err(BenchError::Market("an order gets no invoice".to_owned()));
        }
    }
}
