//! The command.

mod scenarios;

use std::time::{Duration, Instant};

use clap::Parser;
use simulate::{BUGS, Bounds, Bug, Kind, Plan, Report, Tally, campaign, flash, run, shrink};

/// A quarter of a run's time is allocating memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs the whole market under a seeded storm of faults, and holds it against a model of what must always hold.
#[derive(Parser)]
struct Arguments {
    /// Runs this one seed, and shows its trace.
    #[arg(long)]
    seed: Option<u64>,
    /// Runs so many seeds.
    #[arg(long)]
    seeds: Option<u64>,
    /// Begins with this one.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Runs as many seeds as fit in this time, such as 90s or 10m.
    #[arg(long = "for", value_parser = time)]
    time: Option<Duration>,
    /// Runs so many at once.
    #[arg(long, default_value_t = 1)]
    jobs: usize,
    /// Shows the verdict only.
    #[arg(long)]
    quiet: bool,
    /// Plants this bug.
    #[arg(long, value_parser = bug)]
    bug: Option<&'static Bug>,
    /// Plants every bug, and tells after how many seeds each was found.
    #[arg(long)]
    bugs: bool,
    /// Has every call of every story go wrong once, in each way.
    #[arg(long)]
    scenarios: bool,
    /// Has every two calls of the stories checkout, cancel and refund go wrong, in each way: of so many pairs one.
    #[arg(long, value_name = "OF")]
    pairs: Option<usize>,
    /// A flash sale: of so many units, to a hundred times as many buyers within ten seconds (or --span).
    #[arg(long, value_name = "UNITS")]
    flash: Option<u32>,
    /// So many buyers come to the flash sale.
    #[arg(long)]
    buyers: Option<u32>,
    /// Stock is spread over so many buckets to begin with. A flash sale takes several numbers, and is held for each.
    #[arg(long, value_delimiter = ',')]
    buckets: Vec<u32>,
    /// Tells this story only.
    #[arg(long)]
    story: Option<String>,
    /// Has this go wrong in the story: the number of a call, and before, after, throttled or lost.
    #[arg(long, value_delimiter = ',', value_parser = scenarios::trouble)]
    trouble: Vec<(usize, simulate::exhaustive::Mode)>,
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

fn time(text: &str) -> Result<Duration, String> {
    let wrong = || "must be a number with s, m or h behind it".to_owned();
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(wrong()),
    };
    Ok(Duration::from_secs(number.parse::<u64>().map_err(|_| wrong())? * seconds))
}

fn bug(text: &str) -> Result<&'static Bug, String> {
    Bug::named(text).ok_or_else(|| {
        let names: Vec<_> = BUGS.iter().map(|bug| bug.name).collect();
        format!("is none of {}", names.join(", "))
    })
}

impl Arguments {
    fn plan(&self, seed: u64) -> Plan {
        let mut plan = Plan::of(seed);
        let set = |place: &mut u32, value: Option<u32>| *place = value.unwrap_or(*place);
        set(&mut plan.shoppers, self.shoppers);
        set(&mut plan.chores, self.chores);
        set(&mut plan.skus, self.skus);
        set(&mut plan.stock, self.stock);
        set(&mut plan.span, self.span);
        set(&mut plan.buckets, self.buckets.first().copied());
        plan.chances.retain(|kind, _| !self.without.contains(kind));
        plan
    }

    fn bounds(&self, seeds: u64) -> Bounds {
        Bounds { from: self.from, seeds, time: self.time, first: false, jobs: self.jobs }
    }
}

fn main() {
    let arguments = Arguments::parse();
    let good = if let Some(seed) = arguments.seed {
        one(&arguments, seed)
    } else if arguments.bugs {
        all_bugs(&arguments)
    } else if let Some(units) = arguments.flash {
        flash_sales(&arguments, units)
    } else if !arguments.trouble.is_empty() {
        scenarios::one(arguments.story.as_deref(), &arguments.trouble)
    } else if arguments.scenarios || arguments.pairs.is_some() {
        scenarios::all(arguments.story.as_deref(), arguments.pairs, arguments.jobs)
    } else {
        many(&arguments)
    };
    std::process::exit(i32::from(!good));
}

/// One seed, with its trace.
fn one(arguments: &Arguments, seed: u64) -> bool {
    let report = run(&arguments.plan(seed), arguments.bug, !arguments.quiet);
    report.trace.iter().for_each(|line| println!("{line}"));
    let Report { plan, hash, orders, calls, commits, seconds, violations, .. } = &report;
    println!("{plan}");
    println!("{orders} orders, {calls} calls, {commits} commits in {seconds} s of the market");
    violations.iter().for_each(|violation| println!("VIOLATION {violation}"));
    println!("hash {hash:016x}");
    violations.is_empty()
}

/// As many seeds as were asked for.
fn many(arguments: &Arguments) -> bool {
    let began = Instant::now();
    let seeds = arguments.seeds.unwrap_or(if arguments.time.is_some() { u64::MAX } else { 100 });
    let tally = campaign(
        arguments.bounds(seeds),
        arguments.bug,
        |seed| arguments.plan(seed),
        |report| {
            let first = &report.violations[0];
            println!("seed {}: {} violations, first: {first}", report.plan.seed, report.violations.len());
        },
    );
    show(&tally, began.elapsed());
    if let Some(report) = tally.failed.first() {
        let small = shrink(&report.plan, arguments.bug, &report.violations[0]);
        let bug = arguments.bug.map(|bug| format!(" --bug {}", bug.name)).unwrap_or_default();
        println!("the smallest that was found: {small}");
        println!("cargo run -p simulate -- {}{bug}", small.arguments());
    }
    tally.failed.is_empty()
}

fn show(tally: &Tally, took: Duration) {
    let Tally { seeds, orders, calls, commits, seconds, failed, .. } = tally;
    println!("{seeds} seeds, {} failed, {orders} checkouts, {} faults", failed.len(), tally.fault_count());
    println!(
        "{calls} AWS calls, {commits} commits, {} booked late, {} h of the markets' time",
        tally.late,
        seconds / 3600
    );
    let millis = took.as_millis().max(1);
    let per_second = |count: u64| u128::from(count) * 1000 / millis;
    println!(
        "{} s: {}.{} seeds, {} checkouts, {} calls a second",
        took.as_secs(),
        per_second(*seeds),
        per_second(seeds * 10) % 10,
        per_second(*orders),
        per_second(*calls)
    );
    for (kind, count) in &tally.faults {
        println!("  {kind:12} {count:>10}");
    }
}

/// Plants each bug, and runs seeds until it is found. Where it never struck, no number of seeds would do.
fn all_bugs(arguments: &Arguments) -> bool {
    let seeds = arguments.seeds.unwrap_or(1000);
    let mut missed = Vec::new();
    for bug in BUGS.iter().filter(|bug| arguments.bug.is_none_or(|one| one.name == bug.name)) {
        let bounds = Bounds { first: true, ..arguments.bounds(seeds) };
        let tally = campaign(bounds, Some(bug), |seed| arguments.plan(seed), |_| {});
        match tally.failed.iter().min_by_key(|report| report.plan.seed) {
            Some(report) => {
                let first = report.violations[0].chars().take(100).collect::<String>();
                println!(
                    "{:28} found after {:>4} seeds, struck {:>4} times: {first}",
                    bug.name, tally.seeds, tally.struck
                );
            }
            None => {
                println!("{:28} NOT found in {} seeds, struck {} times", bug.name, tally.seeds, tally.struck);
                missed.push(bug.name);
            }
        }
    }
    println!("{} bugs, {} not found: {}", BUGS.len(), missed.len(), missed.join(", "));
    missed.is_empty()
}

/// A hundred buyers for every unit, all within ten seconds, where nothing else is said. Each number of buckets has a sale
/// of its own.
fn flash_sales(arguments: &Arguments, units: u32) -> bool {
    let buckets = if arguments.buckets.is_empty() { &[1][..] } else { &arguments.buckets };
    let sales = buckets.iter().map(|&buckets| {
        let (buyers, span) = (arguments.buyers.unwrap_or(units * 100), arguments.span.unwrap_or(10));
        flash_sale(flash::Terms { buyers, units, span, buckets })
    });
    // All of them, whatever came of the first.
    !sales.collect::<Vec<_>>().contains(&false)
}

fn flash_sale(terms: flash::Terms) -> bool {
    let began = Instant::now();
    let sale = flash::sale(terms);
    let flash::Terms { buyers, units, span, buckets } = terms;
    let flash::Sale { sold, sold_late, placed, canceled, left, unanswered, .. } = &sale;
    println!("{buyers} buyers within {span} s, {units} units in {buckets} buckets:");
    println!("  {sold} sold, {sold_late} of them after others had not paid; {left} left");
    println!("  {placed} orders, {canceled} of them canceled; {unanswered} checkouts without an answer");
    let flash::Sale { throttled, met, calls, sold_out_after, confirmed_after, answered_after, .. } = &sale;
    println!(
        "  sold out after {sold_out_after} ms, the last one confirmed after {confirmed_after} ms, all answered after \
         {answered_after} ms"
    );
    let all: u64 = throttled.values().sum();
    println!("  of {calls} calls {all} were throttled, {met} met another at the stock");
    throttled.iter().for_each(|(of, count)| println!("    throttled: {count:>7} of {of}"));
    println!("  in {} s", began.elapsed().as_secs());
    sale.violations.iter().for_each(|violation| println!("  VIOLATION {violation}"));
    sale.violations.is_empty() && *sold == units as usize && *left == 0 && *unanswered == 0
}
