//! Shares of amounts: discounts and tax rates.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr,
        schema::{Schema, Type},
    },
};

use super::{Money, MoneyError};

/// Ten-thousandths of a percent that a whole has.
const WHOLE: u32 = 1_000_000;

/// A percentage from 0 to 100 with up to four decimals, exact: tax rates such as 8.875 are. Written as text, `"8.875"`,
/// so that no reader makes a float of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Percent(u32);

impl Percent {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// All of it.
    pub const ALL: Self = Self(WHOLE);

    /// Ten-thousandths of a percent, at most 1 000 000 of them.
    pub const fn from_parts(parts: u32) -> Option<Self> {
        if parts <= WHOLE { Some(Self(parts)) } else { None }
    }

    /// Ten-thousandths of a percent.
    pub const fn parts(self) -> u32 {
        self.0
    }

    /// Whether it is none.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// This much of `amount`, rounded half up to the minor unit: half of a unit goes away from zero, so that what is
    /// taken back mirrors what was given.
    pub fn of(self, amount: Money) -> Money {
        // At most `amount`, so it fits.
        rounded(amount, i128::from(amount.amount()) * i128::from(self.0), i128::from(WHOLE)).unwrap_or(amount)
    }

    /// How much of `gross` is this percentage of the rest: the tax that a price with tax holds. Rounded as [`of`] does.
    ///
    /// [`of`]: Percent::of
    pub fn within(self, gross: Money) -> Money {
        let part = i128::from(gross.amount()) * i128::from(self.0);
        rounded(gross, part, i128::from(WHOLE + self.0)).unwrap_or(gross)
    }

    /// What each of several taxes that stand side by side has of a price that holds all of them: their sum is rounded as
    /// [`within`] does, and they share it by largest remainder.
    ///
    /// [`within`]: Percent::within
    pub fn within_all(rates: &[Self], gross: Money) -> Vec<Money> {
        let weights: Vec<u64> = rates.iter().map(|rate| u64::from(rate.0)).collect();
        let all = weights.iter().map(|&weight| i128::from(weight)).sum::<i128>();
        // At most `gross`, so it fits.
        let held = rounded(gross, i128::from(gross.amount()) * all, i128::from(WHOLE) + all).unwrap_or(gross);
        held.split(&weights)
    }
}

/// `numerator` ÷ `denominator`, half away from zero, in the currency of `like`.
fn rounded(like: Money, numerator: i128, denominator: i128) -> Result<Money, MoneyError> {
    let half = if numerator < 0 { -denominator / 2 } else { denominator / 2 };
    let whole = (numerator + half) / denominator;
    i64::try_from(whole).map(|amount| Money::new(amount, like.currency())).map_err(|_| MoneyError::Overflow)
}

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || "must be a percentage from 0 to 100 with at most four decimals, such as 8.875".to_owned();
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str, most: usize| {
            let fits = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
            fits.then(|| text.parse::<u32>().ok()).flatten().ok_or_else(wrong)
        };
        let scale = 10_u32.pow(4_u32.saturating_sub(u32::try_from(decimals.len()).unwrap_or(4)));
        let parts = digits(whole, 3)? * 10_000 + digits(decimals, 4)? * scale;
        Self::from_parts(parts).ok_or_else(wrong)
    }
}

impl TryFrom<String> for Percent {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Percent> for String {
    fn from(percent: Percent) -> Self {
        percent.to_string()
    }
}

/// As it is written, with no more decimals than it needs: `19`, `8.875`.
impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 10_000, self.0 % 10_000);
        if rest == 0 {
            return write!(f, "{whole}");
        }
        write!(f, "{whole}.{}", format!("{rest:04}").trim_end_matches('0'))
    }
}

impl PartialSchema for Percent {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[0-9]{1,3}(\\.[0-9]{1,4})?$"))
            .description(Some("A percentage from 0 to 100, with at most four decimals"))
            .examples(["8.875"])
            .into()
    }
}

impl ToSchema for Percent {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn eur(amount: i64) -> Money {
        Money::new(amount, "EUR".parse().unwrap())
    }

    fn percent(text: &str) -> Percent {
        text.parse().unwrap()
    }

    #[test]
    fn published_vectors() {
        for (rate, amount, part) in [
            ("10", 4595, 460),
            ("10", 4594, 459),
            ("23", 10 * 1010, 2323),
            ("10", 106, 11),
            ("10", 206, 21),
            ("10", 306, 31),
            ("10", 406, 41),
            ("8.875", 10000, 888),
            ("50", 1, 1),
            ("50", -1, -1),
            ("0", 999, 0),
            ("100", 999, 999),
        ] {
            assert_eq!(percent(rate).of(eur(amount)), eur(part), "{rate} % of {amount}");
        }
    }

    #[test]
    fn what_a_price_holds() {
        for (rate, gross, tax) in [("19", 11900, 1900), ("7", 1070, 70), ("20", 999, 167), ("0", 999, 0)] {
            assert_eq!(percent(rate).within(eur(gross)), eur(tax), "{rate} % within {gross}");
        }
    }

    #[test]
    fn what_is_no_percentage() {
        for wrong in
            ["", "-1", "100.0001", "101", "1.23456", "1.", ".5", "1e1", "٣", "1,5", " 1", "NaN", "0x1"]
        {
            assert!(wrong.parse::<Percent>().is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn text_and_back(parts in 0_u32..=WHOLE) {
            let one = Percent::from_parts(parts).unwrap();
            prop_assert_eq!(one.to_string().parse::<Percent>().unwrap(), one);
        }

        #[test]
        fn a_part_is_no_more_than_the_whole_and_turns_with_it(parts in 0_u32..=WHOLE, amount in any::<i64>()) {
            prop_assume!(amount != i64::MIN);
            let rate = Percent::from_parts(parts).unwrap();
            for part in [rate.of(eur(amount)), rate.within(eur(amount))] {
                prop_assert!(part.amount().unsigned_abs() <= amount.unsigned_abs());
            }
            prop_assert_eq!(rate.of(eur(-amount)), rate.of(eur(amount)).negated().unwrap());
        }
    }
}
