//! What one costs here and now: a pure function of the catalog's price, of lists and of their entries.

use jiff::Timestamp;

use super::{Entry, ListKind, PriceList};
use crate::{
    catalog::Sku,
    id::PriceListId,
    money::{Currency, Money, MoneyError},
    pricing::CustomerGroup,
    quantity::Quantity,
};

/// What one costs, and who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// What one costs.
    pub unit_price: Money,
    /// The list that says so, where it is not the catalog.
    pub price_list: Option<PriceListId>,
}

/// What one of `sku` costs somebody of `group` who takes `quantity` of it at `at`. Nothing, where neither the catalog nor
/// a list has a price in `currency`.
///
/// First the lists of type `list` stand in for the catalog; then sales take off what that comes to. In both steps the
/// lists that apply and have a price are asked, of those the ones with the highest priority, and of those the lowest
/// price, the oldest list first among equals. A sale counts only where it is lower than what it takes off. An entry goes
/// before its own list's percentage.
///
/// # Errors
/// [`MoneyError`], which only prices of another currency than they say can lead to.
pub fn resolve(
    currency: Currency,
    catalog: Option<Money>,
    lists: &[PriceList],
    entries: &[Entry],
    (sku, quantity): (&Sku, Quantity),
    group: Option<&CustomerGroup>,
    at: Timestamp,
) -> Result<Option<Resolved>, MoneyError> {
    let applying: Vec<&PriceList> = lists.iter().filter(|list| list.applies(currency, group, at)).collect();
    let best = |kind: ListKind, off: Option<Money>| -> Result<Option<Resolved>, MoneyError> {
        let mut best: Option<(i32, Resolved)> = None;
        let mut oldest_first: Vec<&PriceList> =
            applying.iter().copied().filter(|list| list.kind == kind).collect();
        oldest_first.sort_by_key(|list| list.id);
        for list in oldest_first {
            let Some(unit_price) = price(list, entries, (sku, quantity), off)? else { continue };
            let found = Resolved { unit_price, price_list: Some(list.id) };
            let better = best.is_none_or(|(priority, so_far)| {
                list.priority > priority
                    || (list.priority == priority && unit_price.amount() < so_far.unit_price.amount())
            });
            if better {
                best = Some((list.priority, found));
            }
        }
        Ok(best.map(|(_, found)| found))
    };
    let of_catalog = catalog.map(|unit_price| Resolved { unit_price, price_list: None });
    let base = best(ListKind::List, catalog)?.or(of_catalog);
    let sale = best(ListKind::Sale, base.map(|base| base.unit_price))?;
    Ok(match (base, sale) {
        (Some(base), Some(sale)) if sale.unit_price.amount() >= base.unit_price.amount() => Some(base),
        (base, sale) => sale.or(base),
    })
}

/// What `list` says, where its percentage is off `off`.
fn price(
    list: &PriceList,
    entries: &[Entry],
    (sku, quantity): (&Sku, Quantity),
    off: Option<Money>,
) -> Result<Option<Money>, MoneyError> {
    let entry = entries.iter().find(|entry| entry.price_list == list.id && entry.sku == *sku);
    if let Some(price) = entry.and_then(|entry| entry.price(quantity)) {
        return Ok(Some(price));
    }
    match (list.percent_off, off) {
        (Some(percent), Some(off)) => off.minus(percent.of(off)).map(Some),
        _ => Ok(None),
    }
}
