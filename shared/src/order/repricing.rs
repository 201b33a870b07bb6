//! What an order comes to when its lines change.
//!
//! What was agreed on stays: old lines keep their unit prices, their discounts per unit and their tax rates, and shipping
//! its price. New lines cost what they cost today, with the taxes of where the order goes.

use std::collections::BTreeMap;

use super::{edit::Version, model::Order};
use crate::{
    catalog::{self, ProductStatus, Sku},
    http::Problem,
    identity::StoreProfile,
    money::{Money, MoneyError},
    price_list,
    pricing::{PricedLine, Pricing, Tax, TaxPayer, TaxTotal},
    quantity::Quantity,
    runtime::App,
    store::Edition,
    tax::{TaxAsk, TaxProvider, TaxTable, Taxable, taxes},
    tenant::Tenant,
    totals::Totals,
    vault::Opened,
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
    let known = |sku: &Sku| order.lines.iter().any(|line| line.sku == *sku);
    let mut new = Vec::new();
    for (sku, &count) in changes.iter().filter(|(sku, count)| **count > 0 && !known(sku)) {
        new.push((sku.clone(), quantity_of(sku, count)?));
    }
    let mut lines = kept(order, changes)?;
    lines.append(&mut added(app, tenant, order, &new).await?);
    Ok(totaled(order, lines)?)
}

/// The order with `more`, as lines of their own, and how it is priced then.
///
/// # Errors
/// 422, where something can't be bought.
pub async fn replaced(
    app: &App,
    tenant: Tenant,
    order: &Order,
    more: &BTreeMap<Sku, u32>,
) -> Result<(Version, Option<Pricing>), Problem> {
    let mut new = Vec::with_capacity(more.len());
    for (sku, &count) in more {
        new.push((sku.clone(), quantity_of(sku, count)?));
    }
    let mut lines = order.lines.clone();
    lines.append(&mut added(app, tenant, order, &new).await?);
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
    if let Some(discount) = line.by_hand.as_mut().and_then(|by_hand| by_hand.discount.as_mut()) {
        *discount = super::cost::share(*discount, after.min(before), before);
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

/// The lines that were not there, at what they cost here and now, with the taxes of where the order goes.
async fn added(
    app: &App,
    tenant: Tenant,
    order: &Order,
    new: &[(Sku, Quantity)],
) -> Result<Vec<PricedLine>, Problem> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let (currency, at) = (order.total().currency(), app.now());
    let skus: Vec<Sku> = new.iter().map(|(sku, _)| sku.clone()).collect();
    let pricing = order.pricing.as_ref();
    let group = pricing.and_then(|pricing| pricing.group.as_ref());
    let destination = pricing.and_then(|pricing| pricing.destination.as_ref());
    let payer = payer(app, tenant, order).await?;
    let reversed = matches!(payer, TaxPayer::Business(_));
    let edition = Edition::of(app, tenant).await?;
    let profile = StoreProfile::under(&edition).await?;
    let ask = TaxAsk { origin: profile.tax_origin.as_ref(), destination, at };
    let offers = catalog::offers(app, tenant, &skus).await?;
    let prices = price_list::load(app, &edition, currency, &skus, group, at).await?;
    let rules = TaxTable(&edition).rules(ask).await?;
    let (mut lines, mut categories) = (Vec::new(), Vec::new());
    for ((sku, quantity), offer) in new.iter().zip(offers) {
        let offer = offer.filter(|offer| offer.status == ProductStatus::Active);
        let offer = offer.ok_or_else(|| wrong(format!("{sku} is not for sale.")))?;
        let catalog = offer.variant.price_in(currency);
        let resolved = prices.of(catalog, sku, *quantity)?;
        let resolved = resolved.ok_or_else(|| wrong(format!("{sku} has no price in {currency}.")))?;
        let price = |price: Money| match destination {
            // Who owes the tax pays the price without it.
            Some(to) if reversed && profile.price_policy.prices_include_tax => {
                rules.net(price, offer.tax_category.as_ref(), to)
            }
            _ => price,
        };
        let (unit_price, catalog) = (price(resolved.unit_price), catalog.map(price));
        categories.push(offer.tax_category.clone());
        lines.push(PricedLine {
            sku: sku.clone(),
            product_id: offer.product,
            name: offer.name,
            options: offer.variant.options,
            quantity: *quantity,
            unit_price,
            total: unit_price.times(quantity.get())?,
            list_price: catalog.filter(|catalog| *catalog != unit_price),
            price_list: resolved.price_list,
            discounts: Vec::new(),
            by_hand: None,
            taxes: Vec::new(),
        });
    }
    // Orders of the first versions were not taxed.
    if pricing.is_some() {
        let of = |(line, category): (&PricedLine, _)| Taxable { category, amount: line.total };
        let taxable: Vec<_> = lines.iter().zip(categories.iter().map(Option::as_ref)).map(of).collect();
        let found = taxes(&rules, &taxable, None, order.policy(), &payer, destination)?;
        for (line, taxes) in lines.iter_mut().zip(found.lines) {
            line.taxes = taxes;
        }
    }
    Ok(lines)
}

/// Who pays the tax of an order: the business that owes it itself, where one does.
async fn payer(app: &App, tenant: Tenant, order: &Order) -> Result<TaxPayer, Problem> {
    if !order.pricing.as_ref().is_some_and(|pricing| pricing.reverse_charge) {
        return Ok(TaxPayer::Person);
    }
    let contact = order.contact(&Opened::new(app, tenant)).await?;
    let business = contact.and_then(|contact| contact.vat_id).map(TaxPayer::Business);
    business.ok_or_else(|| wrong("It is not known any more which business owes the tax.".to_owned()))
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

#[cfg(test)]
mod tests;
