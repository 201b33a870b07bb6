//! Tells several listeners that something has changed, in the order in which they began to wait.
//!
//! tokio's `watch` wakes them in an order of its own, which differs from run to run: a simulation could not be
//! repeated.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::Notify;

#[derive(Debug, Default)]
struct Shared {
    count: AtomicU64,
    notify: Notify,
}

/// Where changes are told.
#[derive(Debug, Default)]
pub(crate) struct Signal(Arc<Shared>);

/// Hears of changes.
#[derive(Debug)]
pub struct Changes {
    shared: Arc<Shared>,
    seen: u64,
}

impl Signal {
    /// Something has changed.
    pub fn tell(&self) {
        self.0.count.fetch_add(1, Ordering::SeqCst);
        self.0.notify.notify_waiters();
    }

    /// Hears of what changes from now on.
    pub fn subscribe(&self) -> Changes {
        Changes { shared: Arc::clone(&self.0), seen: self.0.count.load(Ordering::SeqCst) }
    }
}

impl Changes {
    /// Whether something has changed that was not [seen](Self::see).
    pub fn has_changed(&self) -> bool {
        self.shared.count.load(Ordering::SeqCst) != self.seen
    }

    /// All that has changed so far is seen. Say so before looking, and nothing is missed.
    pub fn see(&mut self) {
        self.seen = self.shared.count.load(Ordering::SeqCst);
    }

    /// Waits until something has changed that was not seen.
    pub async fn changed(&mut self) {
        loop {
            let notified = self.shared.notify.notified();
            tokio::pin!(notified);
            // Listen before looking, so that what comes in between is not missed.
            notified.as_mut().enable();
            if self.has_changed() {
                break;
            }
            notified.await;
        }
        self.see();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[tokio::test]
    async fn listeners_wake_in_the_order_in_which_they_wait() {
        let (signal, woken) = (Signal::default(), Arc::new(Mutex::new(Vec::new())));
        for number in 0..20 {
            let (mut changes, woken) = (signal.subscribe(), Arc::clone(&woken));
            tokio::spawn(async move {
                changes.changed().await;
                woken.lock().unwrap().push(number);
            });
        }
        tokio::task::yield_now().await;
        signal.tell();
        while woken.lock().unwrap().len() < 20 {
            tokio::task::yield_now().await;
        }
        assert!(woken.lock().unwrap().is_sorted());
    }

    #[tokio::test]
    async fn what_changed_before_waiting_is_not_missed() {
        let signal = Signal::default();
        let mut changes = signal.subscribe();
        signal.tell();
        assert!(changes.has_changed());
        changes.changed().await;
        assert!(!changes.has_changed());
    }
}
