//! `bench market`: the whole market of this machine, emulated services included, under the load of shoppers who buy
//! over HTTP. The load is made in this process, on the same machine.

pub(crate) mod client;
pub(crate) mod phases;
pub(crate) mod process;
pub(crate) mod report;
pub(crate) mod shopper;

use std::{path::PathBuf, time::Duration};

use clap::Args;

use self::{process::MarketProcess, report::Report};

/// What is measured, and for how long.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// How long shoppers buy, for each number of them
    #[arg(long, default_value_t = 15, value_name = "SECONDS")]
    seconds: u64,
    /// Where the figures go as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The market's program; without it, it is built and found beside this one
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    /// A file, a process or a connection.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The market does not do as it should.
    #[error("{0}")]
    Market(String),
    /// What is no HTTP.
    #[error("the connection to the market: {0}")]
    Http(#[from] hyper::Error),
    /// What is no JSON.
    #[error("the market's answer: {0}")]
    Json(#[from] serde_json::Error),
}

/// Measures the market in memory and with a folder, and prints what came of it.
pub(crate) fn run(options: &Options) -> Result<(), BenchError> {
    let program = match &options.program {
        Some(program) => program.clone(),
        None => process::build()?,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut reports = Vec::new();
    for kept in [false, true] {
        let what = if kept { "--data" } else { "in memory" };
        eprintln!("{what}: shoppers buy for {} seconds, then for as long again …", options.seconds);
        reports.push(runtime.block_on(measure(&program, kept, Duration::from_secs(options.seconds)))?);
    }
    println!("{}", report::table(&reports));
    if let Some(file) = &options.json {
        std::fs::write(file, serde_json::to_string_pretty(&reports)? + "\n")?;
        eprintln!("written to {}", file.display());
    }
    match reports.iter().find_map(Report::broken) {
        Some(promise) => Err(BenchError::Market(promise)),
        None => Ok(()),
    }
}

async fn measure(program: &std::path::Path, kept: bool, time: Duration) -> Result<Report, BenchError> {
    let market = MarketProcess::start(program, kept).await?;
    let shop = phases::Shop::open(market.address).await?;
    let eight = phases::buy(&market, &shop, 8, time).await?;
    let crowd = phases::buy(&market, &shop, 32, time).await?;
    let flash = phases::flash_sale(&shop, 200, 20).await?;
    let twins = phases::twins(&shop, 50).await?;
    let report = Report {
        kept,
        ready_ms: market.ready.as_millis(),
        eight,
        crowd,
        flash,
        twins,
        peak_memory_kib: market.peak_memory()?,
    };
    market.stop().await?;
    Ok(report)
}
