//! What is going on right now, so that one can wait until nothing is.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::watch;

/// Counts what is under way and tells of every change.
#[derive(Clone, Debug)]
pub(crate) struct Activity {
    under_way: Arc<AtomicUsize>,
    pulse: watch::Sender<u64>,
}

/// One thing under way; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct UnderWay(Activity);

impl Activity {
    pub(crate) fn new() -> Self {
        Self { under_way: Arc::default(), pulse: watch::Sender::new(0) }
    }

    /// Something begins.
    pub(crate) fn begin(&self) -> UnderWay {
        self.under_way.fetch_add(1, Ordering::SeqCst);
        UnderWay(self.clone())
    }

    /// How many things are under way.
    pub(crate) fn count(&self) -> usize {
        self.under_way.load(Ordering::SeqCst)
    }

    /// Told whenever something ends.
    pub(crate) fn pulse(&self) -> watch::Receiver<u64> {
        self.pulse.subscribe()
    }

    /// Tells those who wait to look again.
    pub(crate) fn beat(&self) {
        self.pulse.send_modify(|count| *count = count.wrapping_add(1));
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
        self.0.beat();
    }
}
