//! Dollars, exact: a call costs a fraction of a millionth of one.

use std::{fmt, iter::Sum, ops::Add, str::FromStr};

/// How many of the smallest parts make a dollar.
const PARTS: i128 = 1_000_000_000_000_000;

/// An amount in US dollars, in parts of 10⁻¹⁵.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Usd(i128);

impl Usd {
    /// This much so many times, where it is the price of `per`. Rounded once, half up.
    #[must_use]
    pub fn times(self, quantity: u64, per: u64) -> Self {
        let per = i128::from(per.max(1));
        Self((self.0.saturating_mul(i128::from(quantity)) + per / 2) / per)
    }

    /// With so many digits after the point, rounded half up.
    pub fn rounded(self, digits: u32) -> String {
        let unit = PARTS / 10_i128.pow(digits.min(15));
        let units = (self.0 + unit / 2) / unit;
        let (whole, rest) = (units / (PARTS / unit), units % (PARTS / unit));
        match digits {
            0 => whole.to_string(),
            digits => format!("{whole}.{rest:0width$}", width = digits as usize),
        }
    }
}

impl FromStr for Usd {
    type Err = String;

    /// Reads `0.625`: digits, and at most fifteen after the point.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no amount");
        let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() > 15 || rest.len() > 15 || !digits(whole) || !digits(rest) {
            return Err(wrong());
        }
        format!("{whole}{rest:0<15}").parse().map(Self).map_err(|_| wrong())
    }
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Add::add)
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rounded(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        let price: Usd = "0.0000133334".parse().unwrap();
        // A thousand invocations of one millisecond in 128 MB: an eighth of a gigabyte-second.
        assert_eq!(price.times(128_000, 1_024_000).rounded(12), "0.000001666675");
        let write: Usd = "0.625".parse().unwrap();
        assert_eq!(write.times(20_000_000, 1_000_000).to_string(), "12.50");
        assert_eq!([write; 3].into_iter().sum::<Usd>().rounded(3), "1.875");
        assert_eq!(write.rounded(0), "1");
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", ".5", "-1", "1e3", "1,5", "0.0000000000000001", "１"] {
            assert!(text.parse::<Usd>().is_err(), "{text}");
        }
    }
}
