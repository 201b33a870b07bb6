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
    staff, table,
};
use crate::market::{BenchError, client::Client, phases, process::MarketProcess};

/// Of how many orders and products the expired items are looked for at the most: of more it takes minutes.
const SWEPT: u64 = 20_000;

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
    /// Processor time of the market per call, where nothing else was asked of it meanwhile.
    pub(super) processor_micros: Option<u128>,
}

impl Times {
    pub(super) fn of(route: &'static str, times: impl Iterator<Item = Duration>) -> Self {
        let times = phases::sorted(times);
        let [p50_micros, p99_micros] = [50, 99].map(|percent| phases::at(&times, percent));
        Self { route, calls: times.len(), p50_micros, p99_micros, processor_micros: None }
    }
}

/// A market with so much in it.
#[derive(Debug, Serialize)]
pub(super) struct Point {
    pub(super) products: u64,
    pub(super) orders: u64,
    pub(super) file_bytes: u64,
    pub(super) ready_millis: u128,
    /// How long looking for expired items takes; unknown where that would be too long.
    pub(super) sweep_millis: Option<u128>,
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
    let stall = std::slice::from_ref(&base.stall);
    let sales = Sales::of(&[sell(&market, stall, load).await?]);
    let staff = staff::read(&market, base, load.time).await?;
    let (ready_millis, peak_memory_kib) = (market.ready.as_millis(), market.peak_memory()?);
    market.close().await?;
    let sweep_millis = match orders + products {
        0..=SWEPT => Some(inside::sweep(&base.folder).await?.as_millis()),
        _ => None,
    };
    let point =
        Point { products, orders, file_bytes, ready_millis, sweep_millis, peak_memory_kib, sales, staff };
    // All of it may take an hour, and end before its end.
    eprintln!("{}\n", table::growth("so far", std::slice::from_ref(&point), |_| orders));
    Ok(point)
}

/// What came of shoppers who bought for some time.
pub(super) struct Turn {
    laps: Vec<Laps>,
    time: Duration,
    processor: Duration,
}

/// Lets shoppers buy at one stall and at many, by turns: what else the machine does weighs on both.
pub(super) async fn sell_by_turns(
    market: &MarketProcess,
    one: &[Stall],
    many: &[Stall],
    load: Load,
) -> Result<[Sales; 2], BenchError> {
    let load = Load { time: load.time / 2, ..load };
    let (mut of_one, mut of_many) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        of_many.push(sell(market, many, load).await?);
        of_one.push(sell(market, one, load).await?);
    }
    Ok([Sales::of(&of_one), Sales::of(&of_many)])
}

/// Lets shoppers buy for so long, each at one stall after the other.
async fn sell(market: &MarketProcess, stalls: &[Stall], load: Load) -> Result<Turn, BenchError> {
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
    let time = began.elapsed();
    let processor = phases::at_rest(market).await?.saturating_sub(before);
    Ok(Turn { laps, time, processor })
}

impl Sales {
    fn of(turns: &[Turn]) -> Self {
        let laps: Vec<_> = turns.iter().flat_map(|turn| &turn.laps).collect();
        let mut routes: Vec<_> = ROUTES
            .iter()
            .enumerate()
            .map(|(place, route)| Times::of(route, laps.iter().map(|laps| laps[place])))
            .collect();
        routes.push(Times::of("whole purchase", laps.iter().map(|laps| laps.iter().sum())));
        Self {
            orders: laps.len(),
            millis: turns.iter().map(|turn| turn.time).sum::<Duration>().as_millis(),
            processor_millis: turns.iter().map(|turn| turn.processor).sum::<Duration>().as_millis(),
            routes,
        }
    }

    /// Orders a second, in tenths.
    pub(super) fn rate(&self) -> u128 {
        u128::try_from(self.orders).unwrap_or(0) * 10_000 / self.millis.max(1)
    }

    /// Processor time per order, in tenths of a millisecond.
    pub(super) fn processor(&self) -> u128 {
        self.processor_millis * 10 / u128::try_from(self.orders).unwrap_or(0).max(1)
    }
}
