//! Parts that sum to the whole.

use super::Money;

impl Money {
    /// Splits the amount in proportion to `weights`, in whole minor units, by largest remainder: every part is its exact
    /// share rounded down (towards zero), and what is left goes, a unit each, to those with the largest remainders, the
    /// first of equals first. The parts sum to the whole. Where all weights are zero, they weigh the same; where there
    /// are none, there are no parts.
    pub fn split(self, weights: &[u64]) -> Vec<Self> {
        let total: u128 = weights.iter().copied().map(u128::from).sum();
        if total == 0 {
            let equal = vec![1; weights.len()];
            return if weights.is_empty() { Vec::new() } else { self.split(&equal) };
        }
        let whole = u128::from(self.amount.unsigned_abs());
        // A product of two 64-bit numbers fits 128 bits.
        let exact = |weight: &u64| whole * u128::from(*weight);
        let mut parts: Vec<u128> = weights.iter().map(|weight| exact(weight) / total).collect();
        let mut order: Vec<usize> = (0..weights.len()).collect();
        order.sort_by_key(|&place| std::cmp::Reverse(exact(&weights[place]) % total));
        let left = whole - parts.iter().sum::<u128>();
        for &place in order.iter().take(usize::try_from(left).unwrap_or(weights.len())) {
            parts[place] += 1;
        }
        parts.into_iter().map(|part| self.signed(part)).collect()
    }

    /// `part` of the amount, with its sign. No part is larger than the whole, so it fits.
    fn signed(self, part: u128) -> Self {
        let part = i128::try_from(part).unwrap_or(i128::MAX);
        let part = if self.amount < 0 { -part } else { part };
        Self::new(i64::try_from(part).unwrap_or(self.amount), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(amount: i64, weights: &[u64]) -> Vec<i64> {
        Money::new(amount, "EUR".parse().unwrap()).split(weights).into_iter().map(Money::amount).collect()
    }

    #[test]
    fn published_vectors() {
        assert_eq!(split(1000, &[1, 1, 1]), [334, 333, 333]);
        assert_eq!(split(-1000, &[1, 1, 1]), [-334, -333, -333]);
        assert_eq!(split(299, &[4300, 1400, 2300]), [161, 52, 86]);
        assert_eq!(split(5, &[0, 0]), [3, 2]);
        assert_eq!(split(5, &[0, 1]), [0, 5]);
        assert_eq!(split(5, &[]), [0; 0]);
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole(amount in any::<i64>(), weights in prop::collection::vec(any::<u64>(), 1..20)) {
            let parts = split(amount, &weights);
            prop_assert_eq!(parts.iter().map(|&part| i128::from(part)).sum::<i128>(), i128::from(amount));
            let total: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
            // Nobody is a whole unit away from their exact share.
            for (part, weight) in parts.iter().zip(&weights) {
                let exact = u128::from(amount.unsigned_abs()) * u128::from(*weight);
                if let Some(floor) = exact.checked_div(total) {
                    prop_assert!(u128::from(part.unsigned_abs()) - floor <= 1);
                }
            }
        }
    }
}
