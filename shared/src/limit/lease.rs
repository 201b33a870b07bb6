//! What one environment holds of a bucket: a block of tokens for a short time, or the knowledge that there are none.

use super::bucket::{Bucket, Policy, SKEW};

/// How long a block may be spent, in milliseconds. What is left of it then is lost, so that nobody hoards.
pub const LEASE: i64 = 5_000;
/// The same, where nothing comes back and so nothing may be lost in vain.
const LONG_LEASE: i64 = 600_000;
/// How long a refusal is remembered at the most beyond the time that it takes a token to come, in milliseconds.
const MOST_SILENCE: i64 = 1_000;
/// How long a refusal is given from memory at the most, in milliseconds.
const REMEMBERED: i64 = 60_000;
/// How long the bucket is not asked again after it could not be reached, in milliseconds.
const UNREACHED: i64 = 1_000;
/// How long a bucket has to be left alone before something is on the house again, in milliseconds.
pub const HOUSE: i64 = 30_000;
/// How far the clock may go back before what is held is forgotten, in milliseconds.
const BACKWARDS: i64 = 2_000;

/// What an environment holds of one bucket.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lease {
    tokens: u32,
    /// When the block was taken, or the refusal met.
    since: i64,
    /// When the block ends.
    until: i64,
    /// Until when a refusal is given from memory.
    refused_until: i64,
    /// When there is a token again, as far as is known.
    free_at: i64,
    unreached_until: i64,
    /// Refusals in a row.
    refusals: u32,
    taken: u32,
    /// The next block, if all of this one is used.
    block: u32,
    /// Tokens that were given before any was taken for them. The next block pays for them.
    owed: u32,
    /// When the first of those was given, or the bucket last asked.
    owed_since: i64,
    /// Whether the bucket was asked since.
    asked: bool,
    known: Option<Bucket>,
    /// How far the bucket's time was ahead of this environment's when it was looked at.
    behind: i64,
}

/// What became of the wish to spend one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spent {
    /// It is spent.
    Yes,
    /// There are none, for so many milliseconds.
    Refused(i64),
    /// A block of so many has to be taken first, which pays for what is owed too.
    Ask(u32),
    /// The bucket could not be reached a moment ago.
    Unreached,
}

impl Lease {
    /// Spends one token of what is held.
    pub fn spend(&mut self, policy: Policy, now: i64) -> Spent {
        if now < self.since - BACKWARDS {
            *self = Self { known: self.known, behind: self.behind, ..Self::default() };
        }
        if now < self.refused_until {
            return Spent::Refused(self.free_at.saturating_sub(now));
        }
        if self.tokens > 0 && now < self.until {
            self.tokens -= 1;
            return Spent::Yes;
        }
        if now < self.unreached_until {
            return Spent::Unreached;
        }
        if self.on_the_house(policy, now) {
            return Spent::Yes;
        }
        (self.asked, self.owed_since) = (true, now);
        // A block that was too large for its time is followed by a smaller one, one that was soon used up by a larger
        // one.
        let used = self.taken - self.tokens;
        let next = match (self.taken, self.tokens) {
            (0, _) => self.block,
            (_, 0) if now - self.since < (self.until - self.since) / 2 => used.saturating_mul(2),
            _ => used,
        };
        self.block = next.clamp(1, policy.block());
        self.tokens = 0;
        self.taken = 0;
        Spent::Ask(self.block + self.owed)
    }

    /// Whether this token is given before it is taken: a few are to who comes seldom, so that somebody who looks around
    /// in a shop costs no write. Who comes more often pays for them with the first block.
    fn on_the_house(&mut self, policy: Policy, now: i64) -> bool {
        if now < self.owed_since || now - self.owed_since >= HOUSE {
            (self.asked, self.owed, self.owed_since) = (false, 0, now);
        }
        let given = !self.asked && self.owed < policy.on_the_house();
        self.owed += u32::from(given);
        given
    }

    /// A block of `granted` came: it pays for what is owed, and one of the rest is spent at once. Whether there was one.
    pub fn granted(&mut self, policy: Policy, granted: u32, bucket: Bucket, now: i64) -> bool {
        self.see(bucket, now);
        let rest = granted.saturating_sub(self.owed);
        self.owed -= granted - rest;
        if rest == 0 {
            return false;
        }
        self.refusals = 0;
        self.taken = rest;
        self.tokens = rest - 1;
        let length = if policy.rate == 0 { LONG_LEASE } else { LEASE };
        (self.since, self.until) = (now, now + length);
        true
    }

    fn see(&mut self, bucket: Bucket, now: i64) {
        self.known = Some(bucket);
        self.behind = (bucket.seen - now).clamp(0, SKEW);
    }

    /// Whether a bucket that was empty may have something again by now, although this environment's clock says that no
    /// time has passed: it is behind, and others have gone on.
    pub fn may_be_wrong(&self, policy: Policy, now: i64) -> bool {
        self.behind > 0
            && self.known.is_some_and(|bucket| bucket.level(policy, now + self.behind) >= policy.token())
    }

    /// There was nothing to take for `wait` milliseconds. Gives for how long that is remembered: a little longer where
    /// the bucket is fought over, so that a flood costs no write per request.
    pub fn refused(&mut self, policy: Policy, wait: i64, bucket: Option<Bucket>, now: i64) -> i64 {
        if let Some(bucket) = bucket {
            self.see(bucket, now);
        }
        let slice = policy.wait_for(i64::from(policy.block()) * policy.token());
        let silence = slice.min(MOST_SILENCE).saturating_mul(1 << self.refusals.min(10)).min(MOST_SILENCE);
        self.refusals += 1;
        self.since = now;
        let wait = wait.max(silence);
        self.free_at = now.saturating_add(wait);
        // Limits may be raised meanwhile.
        self.refused_until = now.saturating_add(wait.min(REMEMBERED));
        wait
    }

    /// The bucket could not be reached.
    pub fn unreached(&mut self, now: i64) {
        self.since = now;
        self.unreached_until = now + UNREACHED;
    }

    /// What was last seen of the bucket.
    pub fn known(&self) -> Option<Bucket> {
        self.known
    }

    /// About how many tokens are left, over all environments.
    pub fn remaining(&self, policy: Policy, now: i64) -> u32 {
        let full = i64::from(policy.burst.saturating_sub(self.owed));
        let shared = self.known.map_or(full, |bucket| bucket.level(policy, now) / policy.token());
        let held = if now < self.until { self.tokens } else { 0 };
        u32::try_from(shared).unwrap_or(0).saturating_add(held).min(policy.burst)
    }
}
