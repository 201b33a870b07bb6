//! Calls that take a while.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use souk_cloud::{CallInfo, Fault, Faults};

/// Makes every call of DynamoDB take a while, each another one, so that those of many workers mingle. Without it each
/// worker would do all it does in one go, and no race would be run.
#[derive(Default)]
pub struct Jitter(AtomicU64);

impl Jitter {
    /// Delays that begin elsewhere than those of other seeds.
    pub fn seeded(seed: u64) -> Self {
        Self(AtomicU64::new(seed.wrapping_mul(1 << 20)))
    }
}

impl Faults for Jitter {
    fn before(&self, call: &CallInfo) -> Option<Fault> {
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        let millis = count.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 59;
        (call.service == "dynamodb").then(|| Fault::Delay(Duration::from_millis(millis)))
    }
}
