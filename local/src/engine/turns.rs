//! Who goes first where there is more to do than the machine can do at once.

use std::{num::NonZero, thread::available_parallelism, time::Duration};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

/// How many requests share a processor. More of them would only wait for each other, each with all that it holds.
const REQUESTS: usize = 2;

/// How many of what nobody waits for share one. They have turns of their own, so that neither holds the other up.
const BEHIND_THE_SCENES: usize = 1;

/// Who has waited so long goes on all the same: what holds the turns may be waiting itself.
const PATIENCE: Duration = Duration::from_millis(250);

/// The turns of a market. AWS has processors enough; here, what has a processor's time keeps it until it is done, in the
/// order in which it came.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    requests: Option<Semaphore>,
    behind_the_scenes: Option<Semaphore>,
}

impl Turns {
    /// No turns: everything runs at once, as the simulation and the tests of races want it.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// As many at once as the machine has use for.
    pub(crate) fn of_this_machine() -> Self {
        let processors = available_parallelism().map_or(1, NonZero::get);
        let turns = |each| Some(Semaphore::new(processors * each));
        Self { requests: turns(REQUESTS), behind_the_scenes: turns(BEHIND_THE_SCENES) }
    }

    /// Waits for the turn of a request, which lasts until what is given is dropped.
    pub(crate) async fn of_request(&self) -> Option<SemaphorePermit<'_>> {
        take(self.requests.as_ref()?).await
    }

    /// Waits for the turn of what nobody waits for.
    pub(crate) async fn behind_the_scenes(&self) -> Option<SemaphorePermit<'_>> {
        take(self.behind_the_scenes.as_ref()?).await
    }
}

async fn take(turns: &Semaphore) -> Option<SemaphorePermit<'_>> {
    timeout(PATIENCE, turns.acquire()).await.ok()?.ok()
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_turn_waits_for_one_but_not_for_ever() {
        let turns = Turns { requests: Some(Semaphore::new(1)), behind_the_scenes: None };
        let first = turns.of_request().await.unwrap();
        let began = Instant::now();
        assert!(turns.of_request().await.is_none());
        assert_eq!(began.elapsed(), PATIENCE);
        drop(first);
        assert!(turns.of_request().await.is_some());
        assert_eq!(began.elapsed(), PATIENCE);
        assert!(turns.behind_the_scenes().await.is_none());
        assert_eq!(began.elapsed(), PATIENCE);
    }
}
