//! `bench growth`: whether what an operation costs grows with what is stored. A store of any size is made of one real
//! order and one real product, whose items are copied in the market's file with ids of their own; then shoppers buy in
//! it and staff read it.

mod base;
mod inside;
mod journey;
mod keep;
mod measure;
mod mold;
mod plot;
mod staff;
mod stores;
mod table;
mod token;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use serde::Serialize;

use self::{
    base::Base,
    measure::{Load, Point},
    stores::Beside,
};
use crate::market::{BenchError, process};

/// What is measured, and for how long.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// How many products a store has, each beside the fewest orders
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000], value_name = "COUNTS")]
    products: Vec<u64>,
    /// How many orders a store has, each beside the fewest products
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000, 100_000], value_name = "COUNTS")]
    orders: Vec<u64>,
    /// How many stores shoppers spread over, and how many products of one store; 0 leaves both out
    #[arg(long, default_value_t = 100)]
    stores: u64,
    /// How long shoppers buy, and then staff read, for each figure
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    seconds: u64,
    /// How many buy at the same time
    #[arg(long, default_value_t = 8)]
    shoppers: usize,
    /// Where the figures go as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Where pictures of them go: the name gets what grows at its end
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// The market's program; without it, it is built and found beside this one
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// All that came of it.
#[derive(Debug, Serialize)]
struct Report {
    products: Vec<Point>,
    orders: Vec<Point>,
    beside: Vec<Beside>,
}

/// Measures, and prints what came of it.
pub(crate) fn run(options: &Options) -> Result<(), BenchError> {
    let program = match &options.program {
        Some(program) => program.clone(),
        None => process::build()?,
    };
    // Several threads: the market in which stores are made runs in this process.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let report = runtime.block_on(measure(&program, options))?;
    grown(options, "products", &report.products, |point| point.products)?;
    grown(options, "orders", &report.orders, |point| point.orders)?;
    for beside in &report.beside {
        println!("{}\n", table::beside(beside));
    }
    if let Some(file) = &options.json {
        std::fs::write(file, serde_json::to_string_pretty(&report)? + "\n")?;
        eprintln!("written to {}", file.display());
    }
    Ok(())
}

/// Prints what came of points that differ in one thing, and draws it.
fn grown(
    options: &Options,
    what: &str,
    points: &[Point],
    of: impl Fn(&Point) -> u64,
) -> Result<(), BenchError> {
    println!("{}\n", table::growth(what, points, &of));
    if let Some(file) = &options.svg {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let file = file.with_file_name(format!("{stem}-{what}.svg"));
        std::fs::write(&file, plot::svg(&format!("p50 of each route, by stored {what}"), points, of))?;
        eprintln!("drawn in {}", file.display());
    }
    Ok(())
}

async fn measure(program: &Path, options: &Options) -> Result<Report, BenchError> {
    let load = Load { shoppers: options.shoppers.max(1), time: Duration::from_secs(options.seconds) };
    let (products, orders) = (sorted(&options.products)?, sorted(&options.orders)?);
    let mut report = Report { products: Vec::new(), orders: Vec::new(), beside: Vec::new() };
    // A folder for each: what grows in one shall not in the other.
    let mut base = Base::make(program, "products").await?;
    for (place, &count) in products.iter().enumerate() {
        report.products.push(measure::point(program, &mut base, count, orders[0], load).await?);
        // While there is little else that could weigh on either.
        if place == 0 && options.stores > 0 {
            report.beside.push(stores::products(program, &base, options.stores, load).await?);
            report.beside.push(stores::stores(program, &base, options.stores, load).await?);
        }
    }
    drop(base);
    let mut base = Base::make(program, "orders").await?;
    for &count in &orders {
        report.orders.push(measure::point(program, &mut base, products[0], count, load).await?);
    }
    Ok(report)
}

/// The counts from the least on; there is one at least.
fn sorted(counts: &[u64]) -> Result<Vec<u64>, BenchError> {
    let mut counts: Vec<_> = counts.iter().copied().filter(|&count| count > 0).collect();
    counts.sort_unstable();
    counts.dedup();
    if counts.is_empty() {
        Err(BenchError::Market("there is nothing to count".to_owned()))
    } else {
        Ok(counts)
    }
}
