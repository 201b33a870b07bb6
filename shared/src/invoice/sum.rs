//! Amounts with their taxes.

use serde::{Deserialize, Serialize};

use crate::{
    money::{Currency, Money, MoneyError},
    pricing::Tax,
};

/// An amount without tax, and its taxes, one for each name and rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// Without tax.
    pub net: Money,
    /// The taxes, by name and rate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taxes: Vec<Tax>,
}

impl Sum {
    /// Nothing.
    pub fn zero(currency: Currency) -> Self {
        Self { net: Money::zero(currency), taxes: Vec::new() }
    }

    /// All of `parts`.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a Self>, currency: Currency) -> Result<Self, MoneyError> {
        parts.into_iter().try_fold(Self::zero(currency), |sum, part| sum.plus(part))
    }

    /// All of its taxes.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn tax(&self) -> Result<Money, MoneyError> {
        Money::sum(self.taxes.iter().map(|tax| tax.amount), self.net.currency())
    }

    /// With its taxes.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn total(&self) -> Result<Money, MoneyError> {
        self.net.plus(self.tax()?)
    }

    /// Both.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn plus(&self, other: &Self) -> Result<Self, MoneyError> {
        let mut sum = Self { net: self.net.plus(other.net)?, taxes: self.taxes.clone() };
        for tax in &other.taxes {
            match sum.taxes.iter_mut().find(|one| one.name == tax.name && one.rate == tax.rate) {
                Some(one) => {
                    one.taxable = one.taxable.plus(tax.taxable)?;
                    one.amount = one.amount.plus(tax.amount)?;
                }
                None => sum.taxes.push(tax.clone()),
            }
        }
        sum.taxes.sort_by(|a, b| (a.name.as_str(), a.rate).cmp(&(b.name.as_str(), b.rate)));
        Ok(sum)
    }

    /// With all signs turned.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn negated(&self) -> Result<Self, MoneyError> {
        let mut sum = self.clone();
        sum.net = sum.net.negated()?;
        for tax in &mut sum.taxes {
            (tax.taxable, tax.amount) = (tax.taxable.negated()?, tax.amount.negated()?);
        }
        Ok(sum)
    }

    /// What is left without `other`.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn minus(&self, other: &Self) -> Result<Self, MoneyError> {
        self.plus(&other.negated()?)
    }

    /// Whether there is nothing in it.
    pub fn is_nothing(&self) -> bool {
        self.net.is_zero() && self.taxes.iter().all(|tax| tax.amount.is_zero() && tax.taxable.is_zero())
    }

    /// Whether both have the same amounts.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn is_as(&self, other: &Self) -> Result<bool, MoneyError> {
        let rest = self.minus(other)?;
        Ok(rest.net.is_zero() && rest.taxes.iter().all(|tax| tax.amount.is_zero()))
    }

    /// What is in `amount` of it, tax included: net and taxes in proportion, by largest remainder. All of it is exactly
    /// all of it.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn share(&self, amount: Money) -> Result<Self, MoneyError> {
        if self.total()? == amount {
            return Ok(self.clone());
        }
        let weight = |amount: Money| u64::try_from(amount.amount()).unwrap_or(0);
        let weights: Vec<_> =
            [self.net].into_iter().chain(self.taxes.iter().map(|tax| tax.amount)).map(weight).collect();
        let mut parts = amount.split(&weights).into_iter();
        let net = parts.next().unwrap_or(amount);
        let mut taxes = Vec::with_capacity(self.taxes.len());
        for (tax, amount) in self.taxes.iter().zip(parts) {
            let untaxed = self.net.minus(tax.taxable)?;
            let taxable = net.split(&[weight(tax.taxable), weight(untaxed)]).into_iter().next();
            taxes.push(Tax { taxable: taxable.unwrap_or(net), amount, ..tax.clone() });
        }
        Ok(Self { net, taxes })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn euros(amount: i64) -> Money {
        Money::new(amount, "EUR".parse().unwrap())
    }

    fn sum(net: i64, taxes: &[(&str, i64, i64)]) -> Sum {
        let tax = |(rate, taxable, amount): &(&str, i64, i64)| Tax {
            name: "VAT".parse().unwrap(),
            rate: (*rate).to_owned().try_into().unwrap(),
            taxable: euros(*taxable),
            amount: euros(*amount),
        };
        Sum { net: euros(net), taxes: taxes.iter().map(tax).collect() }
    }

    #[test]
    fn taxes_of_one_rate_are_one() {
        let both = sum(100, &[("19", 100, 19)]).plus(&sum(50, &[("7", 30, 2), ("19", 20, 4)])).unwrap();
        assert_eq!((both.taxes.len(), both.total().unwrap()), (2, euros(175)));
        assert!(both.minus(&both).unwrap().is_nothing());
    }

    proptest! {
        #[test]
        fn shares_of_what_is_left_come_to_all(
            net in 0_i64..1_000_000, standard in 0_i64..200_000, reduced in 0_i64..50_000,
            cuts in prop::collection::vec(0_i64..100_000, 0..6),
        ) {
            let whole = sum(net, &[("19", net, standard), ("7", net / 2, reduced)]);
            let mut open = whole.clone();
            let mut given = Sum::zero("EUR".parse().unwrap());
            for cut in cuts {
                let part = open.share(euros(cut).least(open.total().unwrap()).unwrap()).unwrap();
                prop_assert!(part.net.amount() >= 0 && part.taxes.iter().all(|tax| tax.amount.amount() >= 0));
                open = open.minus(&part).unwrap();
                given = given.plus(&part).unwrap();
            }
            let rest = open.share(open.total().unwrap()).unwrap();
            prop_assert!(given.plus(&rest).unwrap().is_as(&whole).unwrap());
        }
    }
}
