//! What things come to.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::money::{Money, MoneyError};

/// What an order comes to. Always, `total` is `subtotal` less `discount` plus `shipping` plus `tax`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Totals {
    /// The lines.
    pub subtotal: Money,
    /// What is taken off them.
    pub discount: Money,
    /// What sending costs.
    pub shipping: Money,
    /// The tax on all of it, where prices don't hold it.
    pub tax: Money,
    /// What is paid.
    pub total: Money,
    /// The tax that the prices hold already, which `total` does not count again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_included: Option<Money>,
}

impl Totals {
    /// What lines alone come to.
    pub fn of_lines(subtotal: Money) -> Self {
        let none = Money::zero(subtotal.currency());
        Self { subtotal, discount: none, shipping: none, tax: none, total: subtotal, tax_included: None }
    }

    /// The tax in `total`, whichever way prices are meant.
    pub fn whole_tax(&self) -> Money {
        self.tax_included.unwrap_or(self.tax)
    }

    /// How much of `amount`, which is given back after `before` was, is tax: its share of all that was given back so
    /// far, less the share of what was before. So the parts come to the whole.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn tax_of(&self, before: Money, amount: Money) -> Result<Money, MoneyError> {
        self.tax_share(before.plus(amount)?)?.minus(self.tax_share(before)?)
    }

    fn tax_share(&self, given: Money) -> Result<Money, MoneyError> {
        let tax = self.whole_tax();
        let rest = self.total.minus(tax)?.or_zero();
        let weights = [tax.amount(), rest.amount()].map(|part| u64::try_from(part).unwrap_or(0));
        Ok(given.split(&weights).first().copied().unwrap_or(given))
    }
}
