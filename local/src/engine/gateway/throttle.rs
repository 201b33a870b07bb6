//! How many requests a route takes: a bucket of tokens for each, filled steadily.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html>

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use tokio::time::Instant;

use crate::template::Throttle;

/// What one request takes out of a bucket, in thousandths of a request.
const ONE: u64 = 1000;

/// The buckets of all routes.
#[derive(Debug, Default)]
pub(crate) struct Buckets(Mutex<HashMap<String, Bucket>>);

#[derive(Debug)]
struct Bucket {
    milli: u64,
    filled: Instant,
}

impl Buckets {
    /// Whether a request on `route` may pass.
    pub(crate) fn take(&self, route: &str, throttle: &Throttle) -> bool {
        let Some(rate) = throttle.rate_milli else { return throttle.burst != Some(0) };
        let full = throttle.burst.unwrap_or(rate / ONE).saturating_mul(ONE);
        let now = Instant::now();
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(route.to_owned()).or_insert(Bucket { milli: full, filled: now });
        let passed = now.saturating_duration_since(bucket.filled);
        let gained = passed.as_micros().saturating_mul(u128::from(rate)) / 1_000_000;
        let gained = u64::try_from(gained).unwrap_or(u64::MAX);
        if gained > 0 {
            bucket.milli = bucket.milli.saturating_add(gained).min(full);
            bucket.filled = now;
        }
        if bucket.milli < ONE {
            return false;
        }
        bucket.milli -= ONE;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_and_then_the_rate() {
        let buckets = Buckets::default();
        let throttle = Throttle { burst: Some(3), rate_milli: Some(500) };
        let take = |route: &str| buckets.take(route, &throttle);
        assert_eq!([(); 5].map(|()| take("GET /")), [true, true, true, false, false]);
        assert!(take("GET /other"), "each route has a bucket of its own");
        tokio::time::advance(Duration::from_millis(1900)).await;
        assert!(!take("GET /"));
        tokio::time::advance(Duration::from_millis(100)).await;
        assert!(take("GET /"), "a request every other second");
        assert!(!take("GET /"));
    }

    #[test]
    fn without_limits_everything_passes() {
        let buckets = Buckets::default();
        assert!((0..10_000).all(|_| buckets.take("GET /", &Throttle::default())));
    }
}
