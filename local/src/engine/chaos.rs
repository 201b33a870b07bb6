//! What an execution environment may suffer on Lambda: killed between two steps, replaced by a fresh one, given a clock
//! that is off.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use souk::runtime::Clock;

use super::runner::Failure;

/// What becomes of one invocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// It runs in a fresh environment, which remembers nothing.
    pub fresh: bool,
    /// Its process is killed when it waits for the so-manieth time.
    pub killed_at: Option<u32>,
}

/// Decides what execution environments suffer.
pub trait Chaos: Send + Sync {
    /// Asked before each invocation of a function, by its binary's name.
    fn fate(&self, function: &str) -> Fate;

    /// Told of each invocation that has no answer.
    fn ended(&self, function: &str, failure: &Failure) {
        let _ = (function, failure);
    }

    /// The clock of a new environment, of which `clock` is the true one.
    fn clock(&self, function: &str, clock: &Clock) -> Clock {
        let _ = function;
        clock.clone()
    }
}

/// A run that ends where it stands when it waits for the `left`-th time.
pub(super) struct Killed<F> {
    run: Pin<Box<F>>,
    left: Option<u32>,
}

impl<F: Future> Killed<F> {
    pub(super) fn new(run: F, at: Option<u32>) -> Self {
        Self { run: Box::pin(run), left: at }
    }
}

impl<F: Future> Future for Killed<F> {
    /// Nothing, where it was killed.
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.run.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => match &mut self.left {
                None => Poll::Pending,
                Some(0) => Poll::Ready(None),
                Some(left) => {
                    *left -= 1;
                    Poll::Pending
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_run_is_killed_at_the_wait_that_was_named() {
        for at in 0..4 {
            let steps = AtomicU32::new(0);
            let run = async {
                for _ in 0..3 {
                    tokio::task::yield_now().await;
                    steps.fetch_add(1, Ordering::Relaxed);
                }
            };
            let ended = Killed::new(run, Some(at)).await;
            assert_eq!(ended.is_none(), at < 3, "at {at}");
            assert_eq!(steps.load(Ordering::Relaxed), at.min(3));
        }
    }
}
