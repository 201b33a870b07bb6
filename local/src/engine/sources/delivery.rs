//! How faithfully queues deliver: exactly as asked, or as badly as a standard queue may.

use std::time::Duration;

use souk::runtime::Entropy;

/// What a queue does with each message that it hands to a function. SQS promises to deliver at least once and in
/// no particular order; this makes it use that freedom.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// A message is delivered from once up to this many times.
    pub copies: u32,
    /// Each delivery comes up to this much later than it could: so deliveries overtake each other. Keep it well
    /// below the queues' visibility timeouts.
    pub delay: Duration,
    /// Decides how often and when. Seed it to repeat a run.
    pub entropy: Option<Entropy>,
}

impl Default for Delivery {
    fn default() -> Self {
        Self { copies: 1, delay: Duration::ZERO, entropy: None }
    }
}

impl Delivery {
    /// Every message up to `copies` times, and shuffled, the same way for the same seed.
    pub fn unreliable(copies: u32, seed: u64) -> Self {
        Self { copies, delay: Duration::from_secs(10), entropy: Some(crate::engine::seeded_entropy(seed)) }
    }

    /// Cuts a batch into the deliveries to make of it: when, and which messages (by index). Each message is in one
    /// delivery or more; the first that names it decides whether it is done.
    pub(super) fn plan(&self, messages: usize) -> Vec<(Duration, Vec<usize>)> {
        let Some(entropy) = self.entropy.as_ref().filter(|_| self.copies > 1 || !self.delay.is_zero()) else {
            return vec![(Duration::ZERO, (0..messages).collect())];
        };
        let below = |bound: usize| {
            usize::try_from(entropy.below(u64::try_from(bound).unwrap_or(u64::MAX))).unwrap_or(0)
        };
        let mut copies: Vec<usize> = Vec::new();
        for index in 0..messages {
            let times = 1 + entropy.below(u64::from(self.copies));
            copies.extend((0..times).map(|_| index));
        }
        for last in (1..copies.len()).rev() {
            copies.swap(last, below(last + 1));
        }
        let mut deliveries: Vec<(Duration, Vec<usize>)> = Vec::new();
        for index in copies {
            // Now and then a delivery of its own; a message is in each delivery once at most, as at AWS.
            match deliveries.last_mut() {
                Some((_, batch)) if !batch.contains(&index) && below(3) > 0 => batch.push(index),
                _ => {
                    let milliseconds = u64::try_from(self.delay.as_millis()).unwrap_or(u64::MAX);
                    let delay = Duration::from_millis(entropy.below(milliseconds.saturating_add(1)));
                    deliveries.push((delay, vec![index]));
                }
            }
        }
        deliveries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_delivered_at_least_once_and_within_the_limits() {
        let delivery = Delivery::unreliable(5, 7);
        for messages in 1..=10 {
            let plan = delivery.plan(messages);
            for index in 0..messages {
                let times = plan.iter().filter(|(_, batch)| batch.contains(&index)).count();
                assert!((1..=5).contains(&times), "{times}");
            }
            assert!(plan.iter().all(|(delay, _)| *delay <= delivery.delay));
        }
    }

    #[test]
    fn a_seed_repeats_itself_and_another_differs() {
        let plan = |seed| Delivery::unreliable(5, seed).plan(10);
        assert_eq!(plan(1), plan(1));
        assert_ne!(plan(1), plan(2));
    }

    #[test]
    fn by_default_one_delivery_has_all_in_order() {
        assert_eq!(Delivery::default().plan(3), [(Duration::ZERO, vec![0, 1, 2])]);
    }
}
