//! What a document is about, position by position.

use serde::{Deserialize, Serialize};

use super::sum::Sum;
use crate::{
    catalog::Sku,
    money::{Currency, Money, MoneyError},
    order::{Order, RefundParts},
    pricing::{PricePolicy, PricedLine, PricedShipping, Tax},
};

/// One position of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Of what, as people call it.
    pub name: String,
    /// Of what, where it is something that the store sells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<Sku>,
    /// How many; below zero where a further invoice takes back what an earlier one said.
    pub quantity: i64,
    /// What one cost, as the store's prices are meant, with tax or without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<Money>,
    /// What was taken off.
    pub discount: Money,
    /// What it comes to.
    pub sum: Sum,
}

/// What a `price` less its discount comes to.
fn sum_of(priced: Money, taxes: &[Tax], policy: PricePolicy) -> Result<Sum, MoneyError> {
    let tax = Money::sum(taxes.iter().map(|tax| tax.amount), priced.currency())?;
    let net = if policy.prices_include_tax { priced.minus(tax)? } else { priced };
    // Through an addition, so that they are one for each name and rate.
    Sum::zero(priced.currency()).plus(&Sum { net, taxes: taxes.to_vec() })
}

/// The share `tax` of a position's taxes, on `net`.
fn taxes_of(of: &[Tax], net: Money, tax: Money) -> Vec<Tax> {
    let weights: Vec<_> = of.iter().map(|tax| u64::try_from(tax.amount.amount()).unwrap_or(0)).collect();
    let parts = tax.split(&weights).into_iter();
    of.iter().zip(parts).map(|(tax, amount)| Tax { taxable: net, amount, ..tax.clone() }).collect()
}

fn name_of(line: &PricedLine) -> String {
    let options = std::collections::BTreeMap::from(line.options.clone());
    let options: Vec<_> = options.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    if options.is_empty() { line.name.to_string() } else { format!("{} ({})", line.name, options.join(", ")) }
}

fn shipping_name(shipping: &PricedShipping) -> String {
    format!("Shipping: {}", shipping.name)
}

impl Position {
    fn of_line(line: &PricedLine, policy: PricePolicy) -> Result<Self, MoneyError> {
        let discount = line.discount()?;
        Ok(Self {
            name: name_of(line),
            sku: Some(line.sku.clone()),
            quantity: i64::from(line.quantity.get()),
            unit_price: Some(line.unit_price),
            discount,
            sum: sum_of(line.total.minus(discount)?, &line.taxes, policy)?,
        })
    }

    fn of_shipping(shipping: &PricedShipping, policy: PricePolicy) -> Result<Self, MoneyError> {
        let discount = shipping.discount()?;
        Ok(Self {
            name: shipping_name(shipping),
            sku: None,
            quantity: 1,
            unit_price: Some(shipping.price),
            discount,
            sum: sum_of(shipping.price.minus(discount)?, &shipping.taxes, policy)?,
        })
    }

    /// An amount for nothing in particular.
    pub fn plain(name: &str, sum: Sum) -> Self {
        let discount = Money::zero(sum.net.currency());
        Self { name: name.to_owned(), sku: None, quantity: 1, unit_price: None, discount, sum }
    }

    /// What they come to.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn total(positions: &[Self], currency: Currency) -> Result<Sum, MoneyError> {
        Sum::of(positions.iter().map(|position| &position.sum), currency)
    }

    /// All that is bought.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn of_order(order: &Order) -> Result<Vec<Self>, MoneyError> {
        let policy = order.policy();
        let lines = order.lines.iter().map(|line| Self::of_line(line, policy));
        let shipping = order.pricing.iter().filter_map(|pricing| pricing.shipping.as_ref());
        lines.chain(shipping.map(|shipping| Self::of_shipping(shipping, policy))).collect()
    }

    /// What is bought `after` a change and was not `before`; what is bought no more counts below zero.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn difference(before: &Order, after: &Order) -> Result<Vec<Self>, MoneyError> {
        let mut positions = Self::of_order(after)?;
        for old in Self::of_order(before)? {
            let same = |new: &&mut Self| {
                (&new.sku, &new.name, new.unit_price) == (&old.sku, &old.name, old.unit_price)
            };
            let old = old.negated()?;
            match positions.iter_mut().find(same) {
                Some(new) => {
                    new.quantity += old.quantity;
                    new.discount = new.discount.plus(old.discount)?;
                    new.sum = new.sum.plus(&old.sum)?;
                }
                None => positions.push(old),
            }
        }
        for position in &mut positions {
            position.sum.taxes.retain(|tax| !tax.amount.is_zero() || !tax.taxable.is_zero());
        }
        positions.retain(|position| position.quantity != 0 || !position.sum.is_nothing());
        Ok(positions)
    }

    /// With all signs turned.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn negated(&self) -> Result<Self, MoneyError> {
        let (discount, sum) = (self.discount.negated()?, self.sum.negated()?);
        Ok(Self { quantity: -self.quantity, discount, sum, ..self.clone() })
    }

    /// What a refund is for, where it says so; nothing where it is an amount for nothing in particular.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn of_refund(order: &Order, parts: &RefundParts) -> Result<Option<Vec<Self>>, MoneyError> {
        if parts.adjustment.is_some() {
            return Ok(None);
        }
        let mut positions = Vec::new();
        let none = Money::zero(order.total().currency());
        for part in &parts.lines {
            let line = usize::try_from(part.line).ok().and_then(|place| order.lines.get(place));
            let (name, taxes) = line
                .map_or_else(|| (part.sku.to_string(), [].as_slice()), |line| (name_of(line), &line.taxes));
            positions.push(Self {
                name,
                sku: Some(part.sku.clone()),
                quantity: i64::from(part.quantity.get()),
                unit_price: None,
                discount: none,
                sum: Sum::zero(none.currency())
                    .plus(&Sum { net: part.net, taxes: taxes_of(taxes, part.net, part.tax) })?,
            });
        }
        let shipping = order.pricing.as_ref().and_then(|pricing| pricing.shipping.as_ref());
        if let (Some(part), Some(shipping)) = (&parts.shipping, shipping) {
            let sum = Sum { net: part.net, taxes: taxes_of(&shipping.taxes, part.net, part.tax) };
            positions.push(Self::plain(&shipping_name(shipping), Sum::zero(none.currency()).plus(&sum)?));
        }
        Ok(Some(positions))
    }
}
