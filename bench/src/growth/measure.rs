//! One point: a market on a folder, under shoppers, then under staff.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use futures::future::try_join_all;
use serde::Serialize;

use super::{
    base::Base,
    inside,
    journey::{self, Laps, ROUTES, Stall},
    staff,
};
use crate::market::{BenchError, client::Client, phases, process::MarketProcess};

/// What came of so many shoppers, each buying again and again.
#[derive(Debug, Serialize)]
pub(super) struct Sales {
    pub(super) orders: usize,
    pub(super) millis: u128,
    /// Processor time of the market, until all that the orders set in motion was done.
    pub(super) processor_millis: u128,
    pub(super) routes: Vec<Times>,
}

/// How long a route takes.
#[derive(Debug, Serialize)]
pub(super) struct Times {
    pub(super) route: &'static str,
    pub(super) calls: usize,
    pub(super) p50_micros: u128,
    pub(super) p99_micros: u128,
}

impl Times {
    pub(super) fn of(route: &'static str, times: impl Iterator<Item = Duration>) -> Self {
        let times = phases::sorted(times);
        let [p50_micros, p99_micros] = [50, 99].map(|percent| phases::at(&times, percent));
        Self { route, calls: times.len(), p50_micros, p99_micros }
    }
}

/// A market with so much in it.
#[derive(Debug, Serialize)]
pub(super) struct Point {
    pub(super) products: u64,
    pub(super) orders: u64,
    pub(super) file_bytes: u64,
    pub(super) ready_millis: u128,
    pub(super) sweep_millis: u128,
    pub(super) peak_memory_kib: u64,
    pub(super) sales: Sales,
    pub(super) staff: Vec<Times>,
}

/// How long, and by how many.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) shoppers: usize,
    pub(super) time: Duration,
}

/// Measures a market that has so many products and orders.
pub(super) async fn point(
    program: &Path,
    base: &mut Base,
    products: u64,
    orders: u64,
    load: Load,
) -> Result<Point, BenchError> {
    eprintln!("{products} products, {orders} orders:");
    base.fill(products, orders)?;
    let file_bytes = base.size()?;
    let market = MarketProcess::start_in(program, &base.folder).await?;
    staff::check(&market, base).await?;
    let sales = sell(&market, std::slice::from_ref(&base.stall), load).await?;
    let staff = staff::read(&market, base, load.time).await?;
    let (ready_millis, peak_memory_kib) = (market.ready.as_millis(), market.peak_memory()?);
    market.close().await?;
    let sweep_millis = inside::sweep(&base.folder).await?.as_millis();
    Ok(Point { products, orders, file_bytes, ready_millis, sweep_millis, peak_memory_kib, sales, staff })
}

/// Lets shoppers buy for so long, each at one stall after the other.
pub(super) async fn sell(market: &MarketProcess, stalls: &[Stall], load: Load) -> Result<Sales, BenchError> {
    let mut clients = Vec::new();
    for first in 0..load.shoppers {
        let mut client = Client::connect(market.address).await?;
        // What is done once is not what is measured.
        if let Some(stall) = stalls.get(first % stalls.len()) {
            journey::buy(&mut client, stall).await?;
        }
        clients.push((first, client));
    }
    let before = phases::at_rest(market).await?;
    let began = Instant::now();
    let bought = try_join_all(clients.into_iter().map(async |(first, mut client)| {
        let mut laps = Vec::new();
        for stall in stalls.iter().cycle().skip(first % stalls.len()).step_by(load.shoppers) {
            if began.elapsed() >= load.time {
                break;
            }
            laps.push(journey::buy(&mut client, stall).await?.0);
        }
        Ok::<_, BenchError>(laps)
    }));
    let laps: Vec<Laps> = bought.await?.into_iter().flatten().collect();
    let millis = began.elapsed().as_millis();
    let used = phases::at_rest(market).await?.saturating_sub(before);
    let mut routes: Vec<_> = ROUTES
        .iter()
        .enumerate()
        .map(|(place, route)| Times::of(route, laps.iter().map(|laps| laps[place])))
        .collect();
    routes.push(Times::of("whole purchase", laps.iter().map(|laps| laps.iter().sum())));
    Ok(Sales { orders: laps.len(), millis, processor_millis: used.as_millis(), routes })
}

impl Sales {
    /// Orders a second, in tenths.
    pub(super) fn rate(&self) -> u128 {
        u128::try_from(self.orders).unwrap_or(0) * 10_000 / self.millis.max(1)
    }

    /// Processor time per order, in tenths of a millisecond.
    pub(super) fn processor(&self) -> u128 {
        self.processor_millis * 10 / u128::try_from(self.orders).unwrap_or(0).max(1)
    }
}
