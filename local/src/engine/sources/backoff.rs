//! How long to wait before trying again.

use std::time::Duration;

/// The wait before try number `attempt` (from 1): doubled each time, a minute at most, as Lambda's pollers do.
pub(super) fn before(attempt: u32) -> Duration {
    let seconds = 1_u64.checked_shl(attempt.saturating_sub(1)).unwrap_or(60);
    Duration::from_secs(seconds.min(60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute() {
        let waits: Vec<_> = (1..9).map(|attempt| before(attempt).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(before(u32::MAX).as_secs(), 60);
    }
}
