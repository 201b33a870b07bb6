//! The lists that apply to a basket, with what they say of its goods.

use jiff::Timestamp;

use super::{Entry, PriceList, Resolved, resolve};
use crate::{
    catalog::Sku,
    money::{Currency, Money, MoneyError},
    pricing::CustomerGroup,
    quantity::Quantity,
};

/// The lists that apply to a basket, with what they say of its goods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prices {
    /// What the shopper pays in.
    pub currency: Currency,
    /// The lists.
    pub lists: Vec<PriceList>,
    /// What they say of the basket's SKUs.
    pub entries: Vec<Entry>,
    /// The group that the shopper is in.
    pub group: Option<CustomerGroup>,
    /// The time whose prices count.
    pub at: Timestamp,
}

impl Prices {
    /// What one of `sku` costs whoever takes `quantity` of it: see [`resolve`].
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn of(
        &self,
        catalog: Option<Money>,
        sku: &Sku,
        quantity: Quantity,
    ) -> Result<Option<Resolved>, MoneyError> {
        let Self { currency, lists, entries, group, at } = self;
        resolve(*currency, catalog, lists, entries, (sku, quantity), group.as_ref(), *at)
    }
}
