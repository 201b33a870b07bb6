//! The emulated cloud's clock, as `dynoxide` reads it.

use std::sync::Arc;

use dynoxide::storage_backend::Clock;

use crate::Place;

struct PlaceClock(Place);

/// The clock of `place`.
pub(super) fn clock(place: &Place) -> Arc<dyn Clock> {
    Arc::new(PlaceClock(place.clone()))
}

impl Clock for PlaceClock {
    fn now_unix_secs(&self) -> u64 {
        u64::try_from(self.0.now().as_second()).unwrap_or_default()
    }

    fn now_unix_secs_f64(&self) -> f64 {
        self.0.now().as_duration().as_secs_f64()
    }
}
