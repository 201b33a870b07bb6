//! How much tax there is: a pure function of rules, prices, payer and destination.

use super::{TaxRate, TaxRules};
use crate::{
    money::{Money, MoneyError, Percent},
    pricing::{Destination, PricePolicy, Rounding, Spot, Tax, TaxCategory, TaxPayer, TaxTotal},
};

/// A line, as far as taxes ask.
#[derive(Clone, Copy, Debug)]
pub struct Taxable<'a> {
    /// What tax tables call it.
    pub category: Option<&'a TaxCategory>,
    /// What all of it costs, after discounts.
    pub amount: Money,
}

/// The taxes of a basket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taxes {
    /// Those of each line.
    pub lines: Vec<Vec<Tax>>,
    /// Those of shipping.
    pub shipping: Vec<Tax>,
    /// The sums, one for each name and rate.
    pub totals: Vec<TaxTotal>,
    /// Whether the business that buys owes the tax itself: then every tax is zero, and the amounts that were given count
    /// as being without tax ([`TaxRules::net`]).
    pub reverse_charge: bool,
}

/// Some of a line or of shipping, with the taxes that are reckoned on it together.
struct Strand<'a> {
    /// The line's place; past the last one, shipping.
    owner: usize,
    amount: Money,
    rows: Vec<&'a TaxRate>,
}

/// The taxes of `lines` and of `shipping`, both after discounts.
///
/// Several taxes may stand side by side; each is reckoned on the price without any of them. With [`Rounding::Line`] each
/// line's taxes are rounded, and shipping's; with [`Rounding::Total`] those of all that has the same rate, and lines and
/// shipping get their shares by largest remainder.
///
/// # Errors
/// [`MoneyError`].
pub fn taxes(
    rules: &TaxRules,
    lines: &[Taxable<'_>],
    shipping: Option<Money>,
    policy: PricePolicy,
    payer: &TaxPayer,
    destination: Option<&Destination>,
) -> Result<Taxes, MoneyError> {
    let nothing = Taxes { lines: vec![Vec::new(); lines.len()], ..Taxes::default() };
    let Some(destination) = rules.destination(destination, policy.prices_include_tax) else {
        return Ok(nothing);
    };
    let reverse_charge = rules.reverse_charge(payer, Some(&destination));
    let included = policy.prices_include_tax && !reverse_charge;
    let rate_of = |row: &TaxRate| if reverse_charge { Percent::ZERO } else { row.rate };

    let mut owners: Vec<Vec<(&TaxRate, Tax)>> = vec![Vec::new(); lines.len() + 1];
    let strands = strands(rules, lines, shipping, payer, &destination.spot(), included)?;
    for group in groups(strands, policy.rounding) {
        let weights: Vec<u64> = group.iter().map(|strand| strand.amount.amount().unsigned_abs()).collect();
        let Some(first) = group.first() else { continue };
        let whole = Money::sum(group.iter().map(|strand| strand.amount), first.amount.currency())?;
        let rates: Vec<Percent> = first.rows.iter().map(|row| rate_of(row)).collect();
        let amounts = if included {
            Percent::within_all(&rates, whole)
        } else {
            rates.iter().map(|rate| rate.of(whole)).collect()
        };
        let parts: Vec<Vec<Money>> = amounts.into_iter().map(|amount| amount.split(&weights)).collect();
        for (place, strand) in group.iter().enumerate() {
            let held = if included { parts.iter().map(|part| part[place]).collect() } else { Vec::new() };
            let taxable = held.into_iter().try_fold(strand.amount, Money::minus)?;
            for (row, part) in strand.rows.iter().zip(&parts) {
                let tax = Tax { name: row.name.clone(), rate: rate_of(row), taxable, amount: part[place] };
                add(&mut owners[strand.owner], row, tax)?;
            }
        }
    }

    let in_order = |mut taxes: Vec<(&TaxRate, Tax)>| -> Vec<Tax> {
        taxes.sort_by_key(|(row, _)| &row.layer);
        taxes.into_iter().map(|(_, tax)| tax).collect()
    };
    let mut lines: Vec<Vec<Tax>> = owners.into_iter().map(in_order).collect();
    let shipping = lines.pop().unwrap_or_default();
    let totals = totals(lines.iter().flatten().chain(&shipping))?;
    Ok(Taxes { lines, shipping, totals, reverse_charge })
}

/// What is reckoned on its own. What prices hold of several taxes is reckoned of all of them at once; taxes that are
/// added don't know of each other.
fn strands<'a>(
    rules: &'a TaxRules,
    lines: &[Taxable<'_>],
    shipping: Option<Money>,
    payer: &TaxPayer,
    spot: &Spot,
    included: bool,
) -> Result<Vec<Strand<'a>>, MoneyError> {
    let goods: Vec<Vec<&TaxRate>> =
        lines.iter().map(|line| rules.applying(line.category, payer, spot)).collect();
    let mut found: Vec<Strand<'a>> = Vec::new();
    if let Some(price) = shipping.filter(|price| !price.is_zero()) {
        let weights: Vec<u64> = lines.iter().map(|line| line.amount.amount().unsigned_abs()).collect();
        let none: Vec<&TaxRate> = rules.applying(None, payer, spot);
        let (weights, beside) =
            if lines.is_empty() { (vec![1], vec![none]) } else { (weights, goods.clone()) };
        for (part, goods) in price.split(&weights).into_iter().zip(beside) {
            let rows = rules.shipping(&goods, payer, spot);
            match found.iter_mut().find(|strand| strand.rows == rows) {
                Some(strand) => strand.amount = strand.amount.plus(part)?,
                None => found.push(Strand { owner: lines.len(), amount: part, rows }),
            }
        }
    }
    let of_line = |(owner, (line, rows)): (usize, (&Taxable<'_>, Vec<&'a TaxRate>))| Strand {
        owner,
        amount: line.amount,
        rows,
    };
    let mut strands: Vec<Strand<'a>> = lines.iter().zip(goods).enumerate().map(of_line).collect();
    strands.append(&mut found);
    if included {
        strands.retain(|strand| !strand.rows.is_empty());
        return Ok(strands);
    }
    let alone = |strand: Strand<'a>| {
        let Strand { owner, amount, rows } = strand;
        rows.into_iter().map(move |row| Strand { owner, amount, rows: vec![row] })
    };
    // A part of shipping may share one tax with another part and not the next.
    let mut single: Vec<Strand<'a>> = Vec::new();
    for strand in strands.into_iter().flat_map(alone) {
        let same = |one: &&mut Strand<'a>| {
            one.owner == lines.len() && one.owner == strand.owner && one.rows == strand.rows
        };
        match single.iter_mut().find(same) {
            Some(one) => one.amount = one.amount.plus(strand.amount)?,
            None => single.push(strand),
        }
    }
    Ok(single)
}

/// What is rounded together.
fn groups(strands: Vec<Strand<'_>>, rounding: Rounding) -> Vec<Vec<Strand<'_>>> {
    match rounding {
        Rounding::Line => strands.into_iter().map(|strand| vec![strand]).collect(),
        Rounding::Total => {
            let mut groups: Vec<Vec<Strand<'_>>> = Vec::new();
            for strand in strands {
                match groups.iter_mut().find(|group| group[0].rows == strand.rows) {
                    Some(group) => group.push(strand),
                    None => groups.push(vec![strand]),
                }
            }
            groups
        }
    }
}

/// Adds `tax` to an owner's taxes, to the one of the same row where there is one.
fn add<'a>(taxes: &mut Vec<(&'a TaxRate, Tax)>, row: &'a TaxRate, tax: Tax) -> Result<(), MoneyError> {
    match taxes.iter_mut().find(|(of, _)| of.id == row.id) {
        Some((_, sum)) => {
            sum.taxable = sum.taxable.plus(tax.taxable)?;
            sum.amount = sum.amount.plus(tax.amount)?;
        }
        None => taxes.push((row, tax)),
    }
    Ok(())
}

fn totals<'a>(taxes: impl Iterator<Item = &'a Tax>) -> Result<Vec<TaxTotal>, MoneyError> {
    let mut totals: Vec<TaxTotal> = Vec::new();
    for Tax { name, rate, taxable, amount } in taxes {
        match totals.iter_mut().find(|total| total.name == *name && total.rate == *rate) {
            Some(total) => {
                total.taxable = total.taxable.plus(*taxable)?;
                total.amount = total.amount.plus(*amount)?;
            }
            None => {
                totals.push(TaxTotal { name: name.clone(), rate: *rate, taxable: *taxable, amount: *amount });
            }
        }
    }
    Ok(totals)
}
