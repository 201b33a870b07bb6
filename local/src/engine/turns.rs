//! Who goes first where there is more to do than the machine can do at once.

use std::{num::NonZero, thread::available_parallelism, time::Duration};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

/// How many of what runs share a processor. More of them would only wait for each other, each with all that it holds.
const PER_PROCESSOR: usize = 2;

/// Who has waited so long goes on all the same: what holds the turns may be waiting itself.
const PATIENCE: Duration = Duration::from_millis(250);

/// The turns of a market. AWS has processors enough; here, what has a processor's time keeps it until it is done, in the
/// order in which it came.
#[derive(Debug)]
pub(crate) struct Turns(Option<Semaphore>);

impl Turns {
    /// No turns: everything runs at once, as the simulation and the tests of races want it.
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    /// As many at once as the machine has use for.
    pub(crate) fn of_this_machine() -> Self {
        let processors = available_parallelism().map_or(1, NonZero::get);
        Self(Some(Semaphore::new(processors * PER_PROCESSOR)))
    }

    /// Waits for a turn, which lasts until what is given is dropped.
    pub(crate) async fn take(&self) -> Option<SemaphorePermit<'_>> {
        let turns = self.0.as_ref()?;
        timeout(PATIENCE, turns.acquire()).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_turn_waits_for_one_but_not_for_ever() {
        let turns = Turns(Some(Semaphore::new(1)));
        let first = turns.take().await.unwrap();
        let began = Instant::now();
        assert!(turns.take().await.is_none());
        assert_eq!(began.elapsed(), PATIENCE);
        drop(first);
        assert!(turns.take().await.is_some());
        assert_eq!(began.elapsed(), PATIENCE);
        assert!(Turns::none().take().await.is_none());
    }
}
