//! What every test of the market ends with.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use souk_local::engine::Market;

/// How many keys this process has held against the invocations that named them.
static CHECKED: AtomicU64 = AtomicU64::new(0);

/// Fails a test in which a function touched what its invocation wasn't about.
pub(crate) struct Teardown {
    market: Market,
    expected: AtomicBool,
}

impl Teardown {
    pub(crate) fn new(market: Market) -> Self {
        Self { market, expected: AtomicBool::new(false) }
    }

    /// The test is about trespasses.
    pub(crate) fn expect_trespasses(&self) {
        self.expected.store(true, Ordering::Relaxed);
    }
}

impl Drop for Teardown {
    fn drop(&mut self) {
        let checked = self.market.keys_checked();
        let total = CHECKED.fetch_add(checked, Ordering::Relaxed) + checked;
        // Tests run side by side and none is the last: whoever wants the sum of them all names a file for it.
        if let Some(path) = std::env::var_os("SOUK_KEYS_CHECKED") {
            let _ = std::fs::write(path, format!("{total} keys checked\n"));
        }
        let trespasses = self.market.trespasses();
        if trespasses.is_empty() || self.expected.load(Ordering::Relaxed) || std::thread::panicking() {
            return;
        }
        let list: Vec<_> = trespasses
            .iter()
            .map(|trespass| {
                format!(
                    "{} may touch {} only, and named {:?} in {:?} by {}",
                    trespass.function, trespass.allowed, trespass.key, trespass.table, trespass.operation
                )
            })
            .collect();
        panic!("the tripwire was touched:\n{}", list.join("\n"));
    }
}
