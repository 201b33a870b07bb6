//! Many seeds, as fast as they run.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{Bug, Counts, Plan, Report, run};

/// What many runs came to.
#[derive(Debug, Default)]
pub struct Tally {
    /// How many seeds were run.
    pub seeds: u64,
    /// How many orders were placed: as many checkouts were done.
    pub orders: u64,
    /// How often something was booked behind what was kept of the books.
    pub late: u64,
    /// How many AWS calls.
    pub calls: u64,
    /// How many commits were held against the model.
    pub commits: u64,
    /// How often the bug that was planted made a difference.
    pub struck: u64,
    /// How many seconds passed in the markets.
    pub seconds: i64,
    /// What went wrong on purpose.
    pub faults: Counts,
    /// The runs that failed.
    pub failed: Vec<Report>,
}

impl Tally {
    fn add(&mut self, report: Report) {
        self.seeds += 1;
        self.orders += report.orders;
        self.late += report.late;
        self.calls += report.calls;
        self.commits += report.commits;
        self.struck += report.struck;
        self.seconds += report.seconds;
        for (kind, count) in &report.faults {
            *self.faults.entry(*kind).or_default() += count;
        }
        if !report.violations.is_empty() {
            self.failed.push(report);
        }
    }

    /// How many faults there were, of all kinds.
    pub fn fault_count(&self) -> u64 {
        self.faults.values().sum()
    }
}

/// How long a campaign goes on.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// With which seed it begins.
    pub from: u64,
    /// After how many it ends.
    pub seeds: u64,
    /// When it ends at the latest.
    pub time: Option<Duration>,
    /// Whether it ends with the first failure.
    pub first: bool,
    /// How many run at once, each on a thread of its own.
    pub jobs: usize,
}

/// Runs seeds, each with the plan that `plan` makes of it. `told` hears of each that failed.
pub fn campaign(
    bounds: Bounds,
    bug: Option<&'static Bug>,
    plan: impl Fn(u64) -> Plan + Sync,
    told: impl Fn(&Report) + Sync,
) -> Tally {
    let (next, over, tally) = (AtomicU64::new(0), AtomicBool::new(false), Mutex::new(Tally::default()));
    let began = Instant::now();
    let work = || {
        while !over.load(Ordering::Relaxed) && bounds.time.is_none_or(|time| began.elapsed() < time) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= bounds.seeds {
                break;
            }
            let report = run(&plan(bounds.from + number), bug, false);
            if !report.violations.is_empty() {
                over.fetch_or(bounds.first, Ordering::Relaxed);
                told(&report);
            }
            tally.lock().unwrap_or_else(PoisonError::into_inner).add(report);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..bounds.jobs.max(1) {
            scope.spawn(work);
        }
    });
    tally.into_inner().unwrap_or_else(PoisonError::into_inner)
}
