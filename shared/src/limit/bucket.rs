//! The arithmetic of a bucket that many environments share. Whole numbers only; nothing here waits or asks.
//!
//! A bucket is one number, the *mark*: time turned into units, of which a millisecond brings `rate` and a token costs
//! as many as the window has milliseconds. Taking tokens moves the mark ahead; the present follows it; the bucket is
//! full when the present has caught up, and empty when the mark is a burst ahead. So taking is one addition with one
//! condition, which DynamoDB does without having read anything before, and takers never undo each other's work.

use serde::{Deserialize, Serialize};

/// How far environments' clocks may be apart, in milliseconds. Within it, all of them go by the one that is ahead;
/// beyond it, a clock is wrong and the mark is moved to the present of whoever sees that.
pub const SKEW: i64 = 15_000;

/// How much a bucket gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    /// Tokens that come in a window.
    pub rate: u32,
    /// Tokens that it holds when full.
    pub burst: u32,
    /// The window, in seconds.
    pub window: u32,
}

impl Policy {
    /// `rate` a second, `burst` at once.
    pub const fn per_second(rate: u32, burst: u32) -> Self {
        Self { rate, burst, window: 1 }
    }

    /// `rate` a minute, `burst` at once.
    pub const fn per_minute(rate: u32, burst: u32) -> Self {
        Self { rate, burst, window: 60 }
    }

    /// `rate` an hour, `burst` at once.
    pub const fn per_hour(rate: u32, burst: u32) -> Self {
        Self { rate, burst, window: 3600 }
    }

    /// `most` in all, however long it takes: what a period with a name has.
    pub const fn in_all(most: u32) -> Self {
        Self { rate: 0, burst: most, window: 1 }
    }

    /// What a token costs, in units.
    pub const fn token(self) -> i64 {
        self.window as i64 * 1000
    }

    /// What it holds when full, in units.
    const fn full(self) -> i64 {
        self.burst as i64 * self.token()
    }

    /// The present, in units.
    const fn present(self, now: i64) -> i64 {
        now.saturating_mul(self.rate as i64)
    }

    /// Milliseconds until `units` have come. For ever, where none come.
    pub fn wait_for(self, units: i64) -> i64 {
        match i64::from(self.rate) {
            0 => i64::MAX,
            rate => units.max(0).saturating_add(rate - 1) / rate,
        }
    }

    /// The most that one environment takes at once: a twentieth of the burst; a hundredth of what never comes back.
    pub const fn block(self) -> u32 {
        let block = if self.rate == 0 { self.burst / 100 } else { self.burst / 20 };
        if block == 0 { 1 } else { block }
    }

    /// How many tokens an environment gives in a while before it takes any: next to nothing of what the bucket holds. None
    /// of what is scarce.
    pub const fn on_the_house(self) -> u32 {
        match self.burst / 64 {
            _ if self.rate == 0 => 0,
            few @ 0..=2 => few,
            _ => 3,
        }
    }
}

/// A bucket as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// The mark, in units.
    pub mark: i64,
    /// The latest present that anybody had who took from it, in milliseconds since 1970.
    pub seen: i64,
}

/// A change of the stored bucket, with the condition under which it is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// What has to hold, and what becomes of the mark.
    pub step: Step,
    /// The present, to be kept as the latest one.
    pub seen: i64,
    /// The tokens that it brings.
    pub granted: u32,
}

/// What has to hold, and what becomes of the mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is no mark, or it lies before `present`: the bucket is full. It becomes `mark`.
    Start {
        /// The present.
        present: i64,
        /// The new mark.
        mark: i64,
    },
    /// The mark lies between the two: it moves ahead by `cost`.
    Add {
        /// The least that it may be.
        least: i64,
        /// The most that it may be.
        most: i64,
        /// What is added.
        cost: i64,
    },
    /// The mark is still `was`, from a clock that was wrong: it becomes `mark`.
    Mend {
        /// What it was.
        was: i64,
        /// The new mark.
        mark: i64,
    },
}

/// What to do next about a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Try this. If its condition does not hold, plan again with what is stored.
    Try(Move),
    /// There is nothing to take for so many milliseconds.
    Wait(i64),
}

impl Bucket {
    /// Whose clock to go by: the one that is ahead, unless it is wrong.
    fn present(self, now: i64) -> i64 {
        if self.seen.saturating_sub(now) <= SKEW { now.max(self.seen) } else { now }
    }

    /// What is in it, in units.
    pub fn level(self, policy: Policy, now: i64) -> i64 {
        let present = policy.present(self.present(now));
        present.saturating_add(policy.full()).saturating_sub(self.mark.max(present))
    }

    /// The same bucket by the clock of whoever sees that it was moved by a wrong one. What was in it stays in it, and
    /// the time that never was brings nothing.
    fn mended(self, policy: Policy, now: i64) -> Self {
        let level = (policy.present(self.seen) + policy.full()).saturating_sub(self.mark);
        let level = level.clamp(0, policy.full());
        Self { mark: policy.present(now) + policy.full() - level, seen: now }
    }
}

/// How to take up to `wanted` tokens, where `known` is what was last seen of the bucket.
///
/// Where less is left than wanted, half of it is taken, so that others find some as well.
pub fn plan(policy: Policy, known: Option<Bucket>, now: i64, wanted: u32) -> Plan {
    let Some(bucket) = known else {
        let granted = wanted.clamp(1, policy.burst.max(1));
        if policy.burst == 0 {
            return Plan::Wait(policy.wait_for(policy.token()));
        }
        return Plan::Try(start(policy, now, granted));
    };
    let wrong = bucket.seen.saturating_sub(now) > SKEW;
    let seen = bucket.present(now);
    let bucket_now = if wrong { bucket.mended(policy, now) } else { bucket };
    let level = bucket_now.level(policy, now);
    if level < policy.token() {
        return Plan::Wait(policy.wait_for(policy.token() - level));
    }
    let there = u32::try_from(level / policy.token()).unwrap_or(u32::MAX);
    let granted = if wanted <= there { wanted.max(1) } else { (there / 2).max(1) };
    let cost = i64::from(granted) * policy.token();
    let present = policy.present(seen);
    if wrong {
        let step = Step::Mend { was: bucket.mark, mark: bucket_now.mark.max(present) + cost };
        return Plan::Try(Move { step, seen, granted });
    }
    if bucket.mark < present {
        return Plan::Try(start(policy, seen, granted));
    }
    let step = Step::Add { least: present, most: present + policy.full() - cost, cost };
    Plan::Try(Move { step, seen, granted })
}

/// Takes one token by one's own clock alone: right where it succeeds, and a look at the bucket where it doesn't.
pub fn probe(policy: Policy, now: i64) -> Move {
    let (present, cost) = (policy.present(now), policy.token());
    Move {
        step: Step::Add { least: present, most: present + policy.full() - cost, cost },
        seen: now,
        granted: 1,
    }
}

fn start(policy: Policy, now: i64, granted: u32) -> Move {
    let present = policy.present(now);
    let step = Step::Start { present, mark: present + i64::from(granted) * policy.token() };
    Move { step, seen: now, granted }
}

impl Move {
    /// What the bucket is afterwards; nothing where the condition does not hold. DynamoDB does the same.
    pub fn apply(self, stored: Option<Bucket>) -> Option<Bucket> {
        let mark = match (self.step, stored) {
            (Step::Start { mark, .. }, None) => mark,
            (Step::Start { present, mark }, Some(bucket)) if bucket.mark < present => mark,
            (Step::Add { least, most, cost }, Some(bucket)) if (least..=most).contains(&bucket.mark) => {
                bucket.mark + cost
            }
            (Step::Mend { was, mark }, Some(bucket)) if bucket.mark == was => mark,
            _ => return None,
        };
        Some(Bucket { mark, seen: self.seen })
    }
}
