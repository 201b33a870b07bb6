//! A clock and a source of randomness that a test can repeat.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use rand::{RngCore as _, SeedableRng as _, rngs::StdRng};
use souk::runtime::{Clock, Entropy};
use tokio::time::Instant;

/// A clock that starts at `base` and goes as tokio's does: while tokio's time is paused, virtual.
pub fn tokio_clock(base: Timestamp) -> Clock {
    let start = Instant::now();
    Clock::from_fn(move || {
        let passed = SignedDuration::try_from(start.elapsed()).unwrap_or(SignedDuration::MAX);
        base.checked_add(passed).unwrap_or(Timestamp::MAX)
    })
}

/// The same random bytes for the same seed, in the order in which they are asked for.
pub fn seeded_entropy(seed: u64) -> Entropy {
    let random = Mutex::new(StdRng::seed_from_u64(seed));
    Entropy::from_fn(move |bytes| random.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes))
}
