//! What things come to.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::money::Money;

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
}
