//! Runs seeds, one after the other.

use clap::Parser;
use simulate::{Kind, Plan, run};

/// Runs the whole market under a seeded storm of faults.
#[derive(Parser)]
struct Arguments {
    /// Runs this one seed, and shows its trace.
    #[arg(long)]
    seed: Option<u64>,
    /// Runs so many seeds.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// Begins with this one.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Shows the verdict only.
    #[arg(long)]
    quiet: bool,
    /// So many people shop.
    #[arg(long)]
    shoppers: Option<u32>,
    /// The staff do so many things.
    #[arg(long)]
    chores: Option<u32>,
    /// The store sells so many SKUs.
    #[arg(long)]
    skus: Option<u32>,
    /// It has so many of each.
    #[arg(long)]
    stock: Option<u32>,
    /// People come over so many seconds.
    #[arg(long)]
    span: Option<u32>,
    /// These kinds of faults don't happen.
    #[arg(long, value_delimiter = ',')]
    without: Vec<Kind>,
}

impl Arguments {
    fn plan(&self, seed: u64) -> Plan {
        let own = Plan::of(seed);
        let mut plan = Plan {
            seed,
            shoppers: self.shoppers.unwrap_or(own.shoppers),
            chores: self.chores.unwrap_or(own.chores),
            skus: self.skus.unwrap_or(own.skus),
            stock: self.stock.unwrap_or(own.stock),
            span: self.span.unwrap_or(own.span),
            chances: own.chances,
        };
        plan.chances.retain(|kind, _| !self.without.contains(kind));
        plan
    }
}

fn main() {
    let arguments = Arguments::parse();
    if let Some(seed) = arguments.seed {
        let report = run(&arguments.plan(seed), !arguments.quiet);
        for line in &report.trace {
            println!("{line}");
        }
        println!("{}", report.plan);
        println!(
            "hash {:016x}, {} orders, {} calls, {} s",
            report.hash, report.orders, report.calls, report.seconds
        );
        report.violations.iter().for_each(|violation| println!("VIOLATION {violation}"));
        std::process::exit(i32::from(!report.violations.is_empty()));
    }
    let mut failed = 0;
    for seed in arguments.from..arguments.from + arguments.seeds {
        let report = run(&arguments.plan(seed), false);
        if !report.violations.is_empty() {
            failed += 1;
            println!("seed {seed}: {}", report.violations[0]);
        }
    }
    println!("{} seeds, {failed} failed", arguments.seeds);
    std::process::exit(i32::from(failed > 0));
}
