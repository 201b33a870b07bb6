//! How long a future keeps a processor busy.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

/// A future that is timed while it runs, and not while it waits. By the machine's own clock: the market's may stand
/// still.
pub(super) struct Busy<F> {
    future: Pin<Box<F>>,
    so_far: Duration,
}

impl<F: Future> Busy<F> {
    /// Times `future`.
    pub(super) fn of(future: F) -> Self {
        Self { future: Box::pin(future), so_far: Duration::ZERO }
    }
}

impl<F: Future> Future for Busy<F> {
    type Output = (F::Output, Duration);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let began = Instant::now();
        let polled = self.future.as_mut().poll(context);
        self.so_far += began.elapsed();
        polled.map(|output| (output, self.so_far))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waiting_is_not_being_busy() {
        let napping = tokio::time::sleep(Duration::from_millis(200));
        assert!(Busy::of(napping).await.1 < Duration::from_millis(100));
        let working = async { std::thread::sleep(Duration::from_millis(20)) };
        assert!(Busy::of(working).await.1 >= Duration::from_millis(20));
    }
}
