//! What an order comes to when its lines change.
//!
//! What was agreed on stays: old lines keep their unit prices, their discounts per unit and their tax rates, and shipping
//! its price. New lines have the catalog's price of today.

use std::collections::BTreeMap;

use super::{edit::Version, model::Order};
use crate::{
    catalog::{self, Offer, ProductStatus, Sku},
    http::Problem,
    money::{Money, MoneyError},
    pricing::{PricedLine, Pricing, Tax, TaxTotal},
    quantity::Quantity,
    runtime::App,
    tenant::Tenant,
    totals::Totals,
};

/// The order with `changes`, which say how many of each SKU there are to be, and how it is priced then.
///
/// # Errors
/// 422, where something can't be bought.
pub async fn reprice(
    app: &App,
    tenant: Tenant,
    order: &Order,
    changes: &BTreeMap<Sku, u32>,
) -> Result<(Version, Option<Pricing>), Problem> {
    let known = |sku: &&Sku| order.lines.iter().any(|line| line.sku == **sku);
    let new: Vec<Sku> =
        changes.iter().filter(|(_, count)| **count > 0).map(|(sku, _)| sku).cloned().collect();
    let new: Vec<Sku> = new.iter().filter(|sku| !known(sku)).cloned().collect();
    let offers = catalog::offers(app, tenant, &new).await?;
    let mut lines = kept(order, changes)?;
    for (sku, offer) in new.iter().zip(offers) {
        let quantity = changes.get(sku).copied().unwrap_or(0);
        lines.push(added(order, sku, offer, quantity)?);
    }
    Ok(totaled(order, lines)?)
}

fn wrong(detail: String) -> Problem {
    Problem::invalid("lines", detail)
}

/// The lines that stay, with their new quantities.
fn kept(order: &Order, changes: &BTreeMap<Sku, u32>) -> Result<Vec<PricedLine>, Problem> {
    let mut lines = Vec::new();
    for (place, line) in order.lines.iter().enumerate() {
        let Some(&wanted) = changes.get(&line.sku) else {
            lines.push(line.clone());
            continue;
        };
        // A SKU may be on two lines, bought and given away: those before take first, and the first takes what is new.
        let others = |lines: &[PricedLine]| -> u32 {
            lines.iter().filter(|other| other.sku == line.sku).map(|other| other.quantity.get()).sum()
        };
        let (before, all) = (others(&order.lines[..place]), others(&order.lines));
        let own = line.quantity.get().min(wanted.saturating_sub(before));
        let count = if before == 0 { own.saturating_add(wanted.saturating_sub(all)) } else { own };
        if count == 0 {
            continue;
        }
        let quantity = quantity_of(&line.sku, count)?;
        lines.push(if quantity == line.quantity { line.clone() } else { resized(order, line, quantity)? });
    }
    Ok(lines)
}

fn quantity_of(sku: &Sku, count: u32) -> Result<Quantity, Problem> {
    Quantity::try_from(i64::from(count)).map_err(|reason| wrong(format!("The quantity of {sku} {reason}.")))
}

/// A line with another quantity. Fewer have their share of the discounts; more are not discounted further.
fn resized(order: &Order, line: &PricedLine, quantity: Quantity) -> Result<PricedLine, MoneyError> {
    let (before, after) = (i64::from(line.quantity.get()), i64::from(quantity.get()));
    let mut line = line.clone();
    for discount in &mut line.discounts {
        discount.amount = super::cost::share(discount.amount, after.min(before), before);
    }
    line.quantity = quantity;
    line.total = line.unit_price.times(quantity.get())?;
    let base = line.total.minus(line.discount()?)?;
    let old: Vec<Tax> = std::mem::take(&mut line.taxes);
    let taxed = !old.iter().all(|tax| tax.amount.is_zero());
    let inclusive = order.policy().prices_include_tax;
    let of = |tax: &Tax| match (taxed, inclusive) {
        (false, _) => Money::zero(base.currency()),
        (true, false) => tax.rate.of(base),
        (true, true) => tax.rate.within(base),
    };
    let amounts: Vec<Money> = old.iter().map(of).collect();
    let net =
        if inclusive { base.minus(Money::sum(amounts.iter().copied(), base.currency())?)? } else { base };
    let taxes = old.into_iter().zip(amounts);
    line.taxes = taxes.map(|(tax, amount)| Tax { taxable: net, amount, ..tax }).collect();
    Ok(line)
}

/// A line that was not there, at the catalog's price.
fn added(order: &Order, sku: &Sku, offer: Option<Offer>, count: u32) -> Result<PricedLine, Problem> {
    let currency = order.total().currency();
    let offer = offer.filter(|offer| offer.status == ProductStatus::Active);
    let offer = offer.ok_or_else(|| wrong(format!("{sku} is not for sale.")))?;
    let unit_price = offer.variant.price_in(currency);
    let unit_price = unit_price.ok_or_else(|| wrong(format!("{sku} has no price in {currency}.")))?;
    let taxed = order.lines.iter().any(|line| !line.taxes.is_empty());
    if taxed {
        return Err(wrong(format!("{sku} is not on the order, whose taxes are reckoned already.")));
    }
    let quantity = quantity_of(sku, count)?;
    Ok(PricedLine {
        sku: sku.clone(),
        product_id: offer.product,
        name: offer.name,
        options: offer.variant.options,
        quantity,
        unit_price,
        total: unit_price.times(quantity.get())?,
        list_price: None,
        price_list: None,
        discounts: Vec::new(),
        taxes: Vec::new(),
    })
}

/// What `lines` come to, with the order's shipping.
fn totaled(order: &Order, lines: Vec<PricedLine>) -> Result<(Version, Option<Pricing>), MoneyError> {
    let currency = order.total().currency();
    let sum = |amounts: Vec<Result<Money, MoneyError>>| {
        amounts.into_iter().try_fold(Money::zero(currency), |sum, amount| sum.plus(amount?))
    };
    let subtotal = sum(lines.iter().map(|line| Ok(line.total)).collect())?;
    let mut discount = sum(lines.iter().map(PricedLine::discount).collect())?;
    let mut tax = sum(lines.iter().map(PricedLine::tax).collect())?;
    let mut pricing = order.pricing.clone();
    let mut shipping = Money::zero(currency);
    if let Some(priced) = pricing.as_ref().and_then(|pricing| pricing.shipping.as_ref()) {
        shipping = priced.price;
        discount = discount.plus(priced.discount()?)?;
        tax = tax.plus(priced.tax()?)?;
    }
    let inclusive = order.policy().prices_include_tax;
    let added = if inclusive { Money::zero(currency) } else { tax };
    let total = subtotal.minus(discount)?.plus(shipping)?.plus(added)?;
    let tax_included = inclusive.then_some(tax);
    if let Some(pricing) = &mut pricing {
        summarize(pricing, &lines)?;
    }
    Ok((
        Version { lines, totals: Totals { subtotal, discount, shipping, tax: added, total, tax_included } },
        pricing,
    ))
}

/// Brings the sums of `pricing` up to date with `lines`.
fn summarize(pricing: &mut Pricing, lines: &[PricedLine]) -> Result<(), MoneyError> {
    let shipping = pricing.shipping.iter();
    let discounts: Vec<_> = lines
        .iter()
        .flat_map(|line| &line.discounts)
        .chain(shipping.clone().flat_map(|shipping| &shipping.discounts))
        .collect();
    for promotion in &mut pricing.promotions {
        let of = discounts.iter().filter(|discount| discount.promotion == promotion.id);
        promotion.amount = Money::sum(of.map(|discount| discount.amount), promotion.amount.currency())?;
    }
    let mut totals: Vec<TaxTotal> = Vec::new();
    let taxes =
        lines.iter().flat_map(|line| &line.taxes).chain(shipping.flat_map(|shipping| &shipping.taxes));
    for tax in taxes {
        match totals.iter_mut().find(|total| total.name == tax.name && total.rate == tax.rate) {
            Some(total) => {
                total.taxable = total.taxable.plus(tax.taxable)?;
                total.amount = total.amount.plus(tax.amount)?;
            }
            None => totals.push(TaxTotal {
                name: tax.name.clone(),
                rate: tax.rate,
                taxable: tax.taxable,
                amount: tax.amount,
            }),
        }
    }
    pricing.taxes = totals;
    Ok(())
}
