//! The whole market on its compiled functions, each in processes of its own, which are killed at random.
//!
//! ```text
//! cargo build --workspace --bins && cargo run -p souk-tests --bin run-under-kills -- --minutes 10
//! ```
//!
//! Gateway, queues, streams, schedules and AWS are those of `souk-local`, by the template; the functions are processes as
//! on Lambda, with its Runtime API, frozen between events. People shop, staff work, a provider notifies. Every commit is
//! held against the model of the simulation, and so is in the end what everybody was told.

// What goes wrong here ends the run, and says so.
#![allow(clippy::expect_used)]

mod arguments;
mod crowd;
mod report;

use std::{process::ExitCode, sync::Arc, time::Duration};

use clap::Parser;
use simulate::{
    Bug, Kind, Plan,
    client::Stage,
    people::Shop,
    stage::{Opening, attend, open_shop, settle, verdict},
    watch::Watch,
    weather::Weather,
};
use souk::runtime::Clock;
use souk_local::engine::{Market, MarketOptions};
use souk_tests::{
    compiled::{Chances, Pool},
    template,
};
use tokio::time::{Instant, sleep, timeout};

use self::{arguments::Arguments, crowd::Crowd, report::Report};

/// How often processes at work are killed: of a hundred events about six, and of a thousand one or two hang.
const CHANCES: Chances = Chances { spared: &[], by_clock: 250, before_call: 250, after_call: 250, hang: 20 };

/// How often a process that is frozen is killed.
const IDLE_KILLS: Duration = Duration::from_millis(1000);

/// What else goes wrong, in ten thousandths: people hang up, and the provider has its ways.
const BESIDE: [(Kind, u32); 3] = [(Kind::HangUp, 300), (Kind::Provider, 1500), (Kind::Webhook, 5000)];

/// What is left out of a run that has no time: a shopper who has to prove who they are and doesn't is waited for, and so is
/// a mail whose sender died.
const SLOW: (Kind, &[&str]) = (Kind::Provider, &["send-notifications"]);

/// Who sends mails, and how many before it marks any as sent.
const MAILERS: [(&str, u64); 2] = [("follow-orders", 100), ("send-notifications", 1)];

/// How many there are of each SKU that is not scarce.
const STOCK: u32 = 100_000;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // One thread for the market: then no commit comes between two looks at another. The functions have the rest.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ran = match runtime {
        Ok(runtime) => runtime.block_on(run(&arguments)),
        Err(error) => Err(error.to_string()),
    };
    match ran {
        Ok(report) => {
            println!("{report}");
            if report.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<Report, String> {
    let (mut plan, mut chances) = (Plan { chances: BESIDE.into(), ..Plan::of(arguments.seed) }, CHANCES);
    if arguments.hurry {
        plan.chances.remove(&SLOW.0);
        chances.spared = SLOW.1;
    }
    let pool = Pool::new(arguments.binaries()?, chances, arguments.seed);
    let shop = open(arguments, &plan, &pool).await?;
    let Stage { market, weather, .. } = &*shop.stage;
    let crowd = Crowd::new(&shop, arguments.shoppers, arguments.seed);
    println!("{:>5}  {}", "s", report::HEADINGS);
    pool.begin();
    weather.begin();
    let (began, storm) = (Instant::now(), arguments.time());
    let people = tokio::spawn(crowd.come(began + storm));
    let progress = report::progress(&shop, &pool, began);
    let _ = timeout(storm, futures::future::join(progress, kill_idle(&pool))).await;
    pool.end();
    weather.end();
    let after = async {
        let sales = people.await.map_err(|error| format!("the crowd: {error}"))?;
        settle(&shop).await;
        Ok::<_, String>(sales)
    };
    let sales = tokio::select! {
        sales = after => sales?,
        () = report::progress(&shop, &pool, began) => return Err("the progress ended".to_owned()),
    };
    let mut wrong = sales.check().await;
    let counts = pool.counts();
    // A process that dies between SES's answer and its mark leaves a mail that is sent twice, or a batch of them.
    let senders_died: u64 = MAILERS.iter().map(|(sender, mails)| counts.killed_at(sender) * mails).sum();
    wrong.extend(verdict(&shop, usize::try_from(senders_died).unwrap_or(usize::MAX)));
    wrong.extend(counts.troubles);
    let report = Report::new(&shop, &pool, &sales, storm, began.elapsed(), wrong);
    if let Some(file) = &arguments.json {
        std::fs::write(file, format!("{:#}\n", report.json(arguments.seed)))
            .map_err(|error| error.to_string())?;
    }
    market.close().await;
    Ok(report)
}

/// A market whose functions are processes, and in it a store that sells something.
async fn open(arguments: &Arguments, plan: &Plan, pool: &Pool) -> Result<Arc<Shop>, String> {
    let bug = match &arguments.bug {
        Some(name) => Some(Bug::named(name).ok_or_else(|| format!("no bug is called {name}"))?),
        None => None,
    };
    let weather = Weather::new(plan, bug);
    let watch = Watch::new(Clock::system(), false);
    let code = souk_local::functions();
    let mut options = MarketOptions::new(arguments.template(&template()), pool.functions(&code));
    options.faults = Some(Arc::clone(&weather) as _);
    options.observer = Some(Arc::clone(&watch) as _);
    let market = Box::pin(Market::open(options)).await.map_err(|error| error.to_string())?;
    pool.serve(&market)?;
    attend(&market, &watch);
    let opening = Opening {
        seed: arguments.seed,
        skus: 6,
        buckets: 1,
        stock: STOCK,
        faults: Arc::clone(&weather) as _,
        weather,
        delivery: None,
        traced: false,
        crowd: true,
        leap: Arc::default(),
    };
    Ok(open_shop(&opening, &market, &watch).await)
}

async fn kill_idle(pool: &Pool) {
    loop {
        sleep(IDLE_KILLS).await;
        pool.kill_idle();
    }
}
