//! Money: minor units with a currency. No floats, no silent overflow, no mixed currencies.

mod currency;
mod percent;
mod split;

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use currency::Currency;
pub use percent::Percent;

/// An amount of money, in minor units of its currency (ISO 4217): 1299 EUR is 12.99 €, 1299 JPY is 1299 ¥.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Minor units; negative where money flows back.
    #[schema(example = 1299)]
    amount: i64,
    /// The currency of the amount.
    currency: Currency,
}

/// Why amounts can't be reckoned with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Two currencies met.
    #[error("{0} and {1} can't be reckoned together")]
    CurrencyMix(Currency, Currency),
    /// The result is past what 64 bits hold.
    #[error("the amount is too large")]
    Overflow,
}

impl Money {
    /// `amount` minor units of `currency`.
    pub const fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Nothing, in `currency`.
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Minor units.
    pub const fn amount(self) -> i64 {
        self.amount
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The sum.
    ///
    /// # Errors
    /// [`MoneyError`] where the currencies differ or the sum overflows.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.amount
            .checked_add(other.amount)
            .map(|sum| Self::new(sum, self.currency))
            .ok_or(MoneyError::Overflow)
    }

    /// The difference.
    ///
    /// # Errors
    /// [`MoneyError`] where the currencies differ or the difference overflows.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.amount
            .checked_sub(other.amount)
            .map(|rest| Self::new(rest, self.currency))
            .ok_or(MoneyError::Overflow)
    }

    /// `count` times the amount.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn times(self, count: u32) -> Result<Self, MoneyError> {
        let product = self.amount.checked_mul(i64::from(count)).ok_or(MoneyError::Overflow)?;
        Ok(Self::new(product, self.currency))
    }

    /// The sum of `parts`, which is zero `currency` where there are none.
    ///
    /// # Errors
    /// [`MoneyError`] where a part has another currency or the sum overflows.
    pub fn sum(parts: impl IntoIterator<Item = Self>, currency: Currency) -> Result<Self, MoneyError> {
        parts.into_iter().try_fold(Self::zero(currency), Self::plus)
    }

    /// The amount with its sign turned: what was given is taken back.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn negated(self) -> Result<Self, MoneyError> {
        self.amount.checked_neg().map(|amount| Self::new(amount, self.currency)).ok_or(MoneyError::Overflow)
    }

    /// Whether there is nothing of it.
    pub const fn is_zero(self) -> bool {
        self.amount == 0
    }

    /// The smaller of two amounts.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMix`].
    pub fn least(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        Ok(if other.amount < self.amount { other } else { self })
    }

    /// The amount, or zero where it is below.
    #[must_use]
    pub const fn or_zero(self) -> Self {
        Self::new(if self.amount < 0 { 0 } else { self.amount }, self.currency)
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMix(self.currency, other.currency))
        }
    }
}

/// Reads as people write amounts for machines: `12.99 EUR`, `-3 JPY`, `0.005 KWD`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = usize::from(self.currency.decimals());
        let sign = if self.amount < 0 { "-" } else { "" };
        let digits = format!("{:0width$}", self.amount.unsigned_abs(), width = decimals + 1);
        let (whole, minor) = digits.split_at(digits.len() - decimals);
        let point = if decimals == 0 { "" } else { "." };
        write!(f, "{sign}{whole}{point}{minor} {}", self.currency)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn money(amount: i64, code: &str) -> Money {
        Money::new(amount, code.parse().unwrap())
    }

    #[test]
    fn reads_as_people_write_it() {
        let shown = [
            (money(1299, "EUR"), "12.99 EUR"),
            (money(-5, "EUR"), "-0.05 EUR"),
            (money(1299, "JPY"), "1299 JPY"),
            (money(5, "KWD"), "0.005 KWD"),
            (money(i64::MIN, "EUR"), "-92233720368547758.08 EUR"),
        ];
        for (amount, text) in shown {
            assert_eq!(amount.to_string(), text);
        }
    }

    #[test]
    fn refuses_mixed_currencies() {
        let mixed = money(1, "EUR").plus(money(1, "USD"));
        assert_eq!(mixed, Err(MoneyError::CurrencyMix("EUR".parse().unwrap(), "USD".parse().unwrap())));
    }

    #[test]
    fn overflow_is_an_error_at_both_edges() {
        assert_eq!(money(i64::MAX, "EUR").plus(money(1, "EUR")), Err(MoneyError::Overflow));
        assert_eq!(money(i64::MIN, "EUR").minus(money(1, "EUR")), Err(MoneyError::Overflow));
        assert_eq!(money(i64::MAX / 2 + 1, "EUR").times(2), Err(MoneyError::Overflow));
    }

    #[test]
    fn json_holds_minor_units_and_nothing_else() {
        assert_eq!(
            serde_json::to_string(&money(1299, "EUR")).unwrap(),
            r#"{"amount":1299,"currency":"EUR"}"#
        );
        for wrong in [
            r#"{"amount":12.99,"currency":"EUR"}"#,
            r#"{"amount":1299,"currency":"eur"}"#,
            r#"{"amount":1299,"currency":"XAU"}"#,
            r#"{"amount":1299,"currency":"EUR","vat":1}"#,
            r#"{"amount":9223372036854775808,"currency":"EUR"}"#,
        ] {
            assert!(serde_json::from_str::<Money>(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn minus_undoes_plus(a in -1_i64 << 61..1 << 61, b in -1_i64 << 61..1 << 61) {
            let (a, b) = (money(a, "EUR"), money(b, "EUR"));
            prop_assert_eq!(a.plus(b).unwrap().minus(b).unwrap(), a);
        }

        #[test]
        fn times_is_repeated_addition(amount in -1_000_000_i64..1_000_000, count in 0_u32..200) {
            let one = money(amount, "JPY");
            let added = Money::sum(std::iter::repeat_n(one, count as usize), one.currency()).unwrap();
            prop_assert_eq!(one.times(count).unwrap(), added);
        }
    }
}
