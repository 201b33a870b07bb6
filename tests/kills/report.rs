//! What a run has to say.

use std::{fmt, sync::atomic::Ordering, time::Duration};

use serde_json::{Value, json};
use simulate::{
    model::{Model, Standing},
    people::Shop,
};
use souk_tests::compiled::{Counts, Pool};
use tokio::time::{Instant, sleep};

use crate::crowd::Sales;

/// The columns of the progress.
pub const HEADINGS: &str =
    "orders  settled  canceled  events  killed at work  idle  timed out  processes  waiting  wrong";

/// How often there is news.
const NEWS: Duration = Duration::from_secs(5);

/// Tells how it goes, for ever.
pub async fn progress(shop: &Shop, pool: &Pool, began: Instant) {
    loop {
        sleep(NEWS).await;
        let counts = pool.counts();
        let (orders, settled, canceled, wrong) = shop.stage.watch.model(|model| {
            let standing = |standing| model.count(standing);
            let wrong = model.violations().len();
            (model.order_count(), standing(Standing::Settled), standing(Standing::Canceled), wrong)
        });
        let queues = shop.stage.market.cloud().sqs.queues();
        let waiting: usize = queues
            .iter()
            .map(|queue| queue.depth.visible + queue.depth.in_flight + queue.depth.delayed)
            .sum();
        println!(
            "{:>5}  {orders:>6}  {settled:>7}  {canceled:>8}  {:>6}  {:>14}  {:>4}  {:>9}  {:>9}  {waiting:>7}  {wrong:>5}",
            began.elapsed().as_secs(),
            counts.invocations,
            counts.killed_at_work(),
            counts.killed_idle,
            counts.timed_out,
            counts.alive,
        );
    }
}

/// The figures of a run, and what is wrong.
pub struct Report {
    orders: usize,
    standing: [usize; 4],
    commits: u64,
    counts: Counts,
    mails: usize,
    sales: (usize, i64, usize),
    storm: Duration,
    whole: Duration,
    /// What must hold and does not.
    pub wrong: Vec<String>,
}

impl Report {
    /// What there is to say of a run that has ended.
    pub fn new(
        shop: &Shop,
        pool: &Pool,
        sales: &Sales,
        storm: Duration,
        whole: Duration,
        wrong: Vec<String>,
    ) -> Self {
        let all = [Standing::Settled, Standing::Canceled, Standing::Waits, Standing::Open];
        let watch = &shop.stage.watch;
        let (sales_made, scarce) = sales.count();
        Self {
            orders: watch.model(Model::order_count),
            standing: all.map(|standing| watch.model(|model| model.count(standing))),
            commits: watch.summary().3,
            counts: pool.counts(),
            mails: shop.stage.market.cloud().ses.messages().len(),
            sales: (sales_made, scarce, sales.sold.load(Ordering::Relaxed)),
            storm,
            whole,
            wrong,
        }
    }

    fn rows(&self) -> Vec<(&'static str, u64)> {
        let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let [settled, canceled, waiting, open] = self.standing.map(number);
        let Counts { killed_by_clock, killed_before_call, killed_after_call, hung, .. } = self.counts;
        vec![
            ("seconds of kills", self.storm.as_secs()),
            ("seconds until all was settled", self.whole.as_secs() - self.storm.as_secs()),
            ("orders", number(self.orders)),
            ("settled", settled),
            ("canceled", canceled),
            ("waiting for somebody to decide", waiting),
            ("stuck", open),
            ("scarce units", u64::try_from(self.sales.1).unwrap_or(0)),
            ("of them sold", number(self.sales.2)),
            ("mails", number(self.mails)),
            ("commits", self.commits),
            ("events handed to functions", self.counts.invocations),
            ("AWS calls of functions", self.counts.calls),
            ("processes started", self.counts.started),
            ("of them at the same time, at most", self.counts.most_alive),
            ("killed at work, by the clock", killed_by_clock),
            ("killed at work, before an AWS call was done", killed_before_call),
            ("killed at work, after an AWS call was done", killed_after_call),
            ("made to hang", hung),
            ("killed because their time was up", self.counts.timed_out),
            ("killed while frozen", self.counts.killed_idle),
            ("wrong", number(self.wrong.len())),
        ]
    }

    /// The same for programs.
    pub fn json(&self, seed: u64) -> Value {
        let rows: serde_json::Map<_, _> =
            self.rows().into_iter().map(|(name, number)| (name.to_owned(), number.into())).collect();
        json!({"seed": seed, "figures": rows, "wrong": self.wrong})
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        for (name, number) in self.rows() {
            writeln!(f, "{name:<45} {number:>9}")?;
        }
        for wrong in self.wrong.iter().take(50) {
            writeln!(f, "WRONG {wrong}")?;
        }
        Ok(())
    }
}
