//! What becomes of processes, and how often.

use std::{collections::BTreeMap, time::Duration};

use crate::Dice;

/// Chances are counted in ten thousandths.
const WHOLE: u64 = 10_000;

/// The longest that a process lives that is killed by the clock: most are done earlier, and then live on.
const SOON_MS: u64 = 120;

/// Most events lead to no more AWS calls than this.
const CALLS: u64 = 6;

/// How often a process is killed while it works on an event, in ten thousandths of events.
#[derive(Clone, Debug)]
pub struct Chances {
    /// Functions whose processes are left alone while they work.
    pub spared: &'static [&'static str],
    /// By the clock, wherever it stands: while it starts, computes, or waits for an answer.
    pub by_clock: u64,
    /// When one of its AWS calls has come, and before it is done.
    pub before_call: u64,
    /// When one of its AWS calls is done, and before it hears of it.
    pub after_call: u64,
    /// It stops where it stands, and is killed when its time is up.
    pub hang: u64,
}

/// What became of processes.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Events that were worked on.
    pub invocations: u64,
    /// Processes that were started.
    pub started: u64,
    /// Processes that are there now.
    pub alive: u64,
    /// Processes that were there at once, at most.
    pub most_alive: u64,
    /// AWS calls that they made.
    pub calls: u64,
    /// Killed by the clock, while at work.
    pub killed_by_clock: u64,
    /// Killed before an AWS call was done.
    pub killed_before_call: u64,
    /// Killed after an AWS call was done.
    pub killed_after_call: u64,
    /// Killed while frozen.
    pub killed_idle: u64,
    /// Stopped where they stood.
    pub hung: u64,
    /// Killed because their time was up, hung ones among them.
    pub timed_out: u64,
    /// Events that a function answered with a failure.
    pub failed: u64,
    /// How many were killed at work, of each function, for whatever reason.
    pub of_function: BTreeMap<String, u64>,
    /// Whatever no process may do: panic, end by itself.
    pub troubles: Vec<String>,
}

impl Counts {
    /// How many were killed at work on purpose; of those that hang time does it.
    pub fn killed_at_work(&self) -> u64 {
        self.killed_by_clock + self.killed_before_call + self.killed_after_call
    }

    /// One of a function was killed at work.
    pub(super) fn died(&mut self, function: &str) {
        *self.of_function.entry(function.to_owned()).or_default() += 1;
    }

    /// There is one more.
    pub(super) fn born(&mut self) {
        self.started += 1;
        self.alive += 1;
        self.most_alive = self.most_alive.max(self.alive);
    }

    /// How many of a function were killed at work.
    pub fn killed_at(&self, function: &str) -> u64 {
        self.of_function.get(function).copied().unwrap_or(0)
    }
}

/// What becomes of one invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Lives,
    /// Killed after so much time.
    ByClock(Duration),
    /// Killed at the so-manieth AWS call, before it is done.
    Before(u64),
    /// Killed at the so-manieth AWS call, after it is done.
    After(u64),
    /// Stopped at the so-manieth AWS call.
    Hangs(u64),
}

impl Chances {
    /// What becomes of the next invocation. Not every process that is to die comes to it: most make few calls.
    pub(super) fn draw(&self, function: &str, dice: &mut Dice) -> Fate {
        if self.spared.contains(&function) {
            return Fate::Lives;
        }
        let mut thrown = dice.below(WHOLE);
        let which = dice.below(CALLS) + 1;
        let fates = [
            (self.by_clock, Fate::ByClock(Duration::from_millis(dice.below(SOON_MS)))),
            (self.before_call, Fate::Before(which)),
            (self.after_call, Fate::After(which)),
            (self.hang, Fate::Hangs(which.min(2))),
        ];
        for (chance, fate) in fates {
            if thrown < chance {
                return fate;
            }
            thrown -= chance;
        }
        Fate::Lives
    }
}
