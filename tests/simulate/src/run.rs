//! One run, from an empty market to its verdict.

use std::{sync::Arc, time::Duration};

use fastrand::Rng;
use tokio::time::sleep;

use crate::{
    bug::Bug,
    kind::Kind,
    people::{self, Shop},
    plan::Plan,
    stage::{Opening, open, settle, verdict},
    weather::{Counts, Weather},
};

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was run.
    pub plan: Plan,
    /// The trace's hash.
    pub hash: u64,
    /// The trace, where it was asked for.
    pub trace: Vec<String>,
    /// How many AWS calls were made.
    pub calls: u64,
    /// How many commits.
    pub commits: u64,
    /// How many orders were placed.
    pub orders: u64,
    /// How often something was booked behind what was kept of the books.
    pub late: u64,
    /// What went wrong on purpose.
    pub faults: Counts,
    /// How often the bug that was planted made a difference.
    pub struck: u64,
    /// How many seconds passed in the market.
    pub seconds: i64,
    /// What must hold and did not.
    pub violations: Vec<String>,
}

/// Does `work` in a world of its own: one thread, virtual time, and randomness that `seed` repeats.
pub fn in_a_world<T>(seed: u64, work: impl Future<Output = T>) -> T {
    // The SDK draws its pauses and tokens from this thread's generator.
    fastrand::seed(seed ^ 0x7364_6b73);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime can be built").block_on(work)
}

/// Runs a plan, in which there may be a bug.
pub fn run(plan: &Plan, bug: Option<&'static Bug>, traced: bool) -> Report {
    in_a_world(plan.seed, play(plan, bug, traced))
}

async fn play(plan: &Plan, bug: Option<&'static Bug>, traced: bool) -> Report {
    let weather = Weather::new(plan, bug);
    let delivery = (plan.chance(Kind::Redeliver) > 0).then(|| weather.delivery());
    let shop = open(Opening {
        seed: plan.seed,
        skus: plan.skus,
        stock: plan.stock,
        buckets: plan.buckets,
        weather: Arc::clone(&weather),
        faults: Arc::clone(&weather) as _,
        delivery,
        traced,
        crowd: false,
        leap: Arc::default(),
    })
    .await;
    weather.begin();
    storm(plan, &shop).await;
    weather.end();
    settle(&shop).await;
    people::read(&shop).await;
    let mut violations = verdict(&shop, 0);
    violations.extend(weather.panics());
    let (orders, late) = shop.stage.watch.model(|model| (model.order_count() as u64, model.booked_late()));
    let seconds = shop.stage.seconds();
    let (hash, trace, calls, commits) = shop.stage.watch.summary();
    let (plan, faults, struck) = (plan.clone(), weather.counts(), weather.struck());
    Report { plan, hash, trace, calls, commits, orders, late, faults, struck, seconds, violations }
}

/// Everybody does what they came for.
async fn storm(plan: &Plan, shop: &Arc<Shop>) {
    let mut rng = Rng::with_seed(plan.seed ^ 0x7065_6f70);
    let mut people: Vec<_> = (0..plan.shoppers)
        .map(|number| tokio::spawn(people::shop(Arc::clone(shop), number, plan.span, rng.u64(..))))
        .collect();
    people.push(tokio::spawn(people::work(Arc::clone(shop), plan.chores, plan.span, rng.u64(..))));
    if plan.night {
        people.push(tokio::spawn(people::close(Arc::clone(shop), plan.span, rng.u64(..))));
    }
    let market = &shop.stage.market;
    let app = market.app("payment-events").expect("the template has it");
    let provider =
        tokio::spawn(people::notify(Arc::clone(shop), market.operator(app.settings().clone()), rng.u64(..)));
    for person in people {
        // Whoever panics says so, and the run goes on.
        if let Err(error) = person.await {
            shop.stage.history.wrong(format!("a client: {error}"));
        }
    }
    // What people left behind goes on in the storm for a while.
    sleep(Duration::from_secs(rng.u64(..60))).await;
    provider.abort();
}
