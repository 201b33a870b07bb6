//! What promotions take off the items of a basket.

use super::super::{
    action::Action,
    rules::{AtLeast, Selection, in_currency},
};
use crate::{
    id::PromotionId,
    money::{Currency, Money, MoneyError, Percent},
    pricing::{Basket, Discount, Item},
    quantity::Quantity,
};

/// One item, and what promotions left of its price.
struct Line<'a> {
    item: &'a Item,
    total: Money,
    rest: Money,
    /// Where it stands in the basket.
    place: usize,
    discounts: Vec<Discount>,
}

/// The items, ordered by what they are and not by where they stand, so that shares of equal size don't hang on that.
pub(super) struct Lines<'a> {
    currency: Currency,
    lines: Vec<Line<'a>>,
}

/// What has to be bought, and what is gotten for it.
struct Bargain<'a> {
    buy: &'a Selection,
    buy_quantity: u64,
    get: &'a Selection,
    get_quantity: u64,
    percent: Percent,
    times: Option<Quantity>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(basket: &'a Basket) -> Result<Self, MoneyError> {
        let currency = basket.currency;
        let lines = basket.items.iter().enumerate().map(|(place, item)| {
            // Refuses another currency than the basket's.
            let total = Money::zero(currency).plus(item.total()?)?;
            Ok(Line { item, total, rest: total, place, discounts: Vec::new() })
        });
        let mut lines: Vec<Line<'_>> = lines.collect::<Result<_, MoneyError>>()?;
        lines.sort_by_key(|line| {
            (&line.item.sku, line.item.unit_price.amount(), line.item.quantity.get(), line.place)
        });
        Ok(Self { currency, lines })
    }

    /// Whether there are so many, for so much, before discounts.
    pub(super) fn reach(&self, threshold: &AtLeast) -> Result<bool, MoneyError> {
        let taken = || self.lines.iter().filter(|line| threshold.of.takes(line.item));
        let quantity: u64 = taken().map(|line| u64::from(line.item.quantity.get())).sum();
        if quantity < u64::from(threshold.quantity) {
            return Ok(false);
        }
        if threshold.amounts.is_empty() {
            return Ok(true);
        }
        let total = Money::sum(taken().map(|line| line.total), self.currency)?;
        let least = in_currency(&threshold.amounts, self.currency);
        Ok(least.is_some_and(|least| total.amount() >= least.amount()))
    }

    /// What `actions` take off each line, one after the other.
    pub(super) fn cuts(&self, actions: &[Action]) -> Result<Vec<Money>, MoneyError> {
        let mut rests: Vec<Money> = self.lines.iter().map(|line| line.rest).collect();
        for action in actions {
            let cuts = self.cut(action, &rests)?;
            for (rest, cut) in rests.iter_mut().zip(cuts) {
                *rest = rest.minus(cut)?;
            }
        }
        self.lines.iter().zip(rests).map(|(line, rest)| line.rest.minus(rest)).collect()
    }

    /// Takes off what [`Lines::cuts`] said.
    pub(super) fn take(&mut self, promotion: PromotionId, cuts: &[Money]) -> Result<(), MoneyError> {
        for (line, &amount) in self.lines.iter_mut().zip(cuts) {
            line.rest = line.rest.minus(amount)?;
            if !amount.is_zero() {
                line.discounts.push(Discount { promotion, amount });
            }
        }
        Ok(())
    }

    /// The discounts, in the basket's order.
    pub(super) fn into_discounts(mut self) -> Vec<Vec<Discount>> {
        self.lines.sort_by_key(|line| line.place);
        self.lines.into_iter().map(|line| line.discounts).collect()
    }

    /// What `action` takes off what is left of each line: no more than that.
    fn cut(&self, action: &Action, rests: &[Money]) -> Result<Vec<Money>, MoneyError> {
        match action {
            Action::PercentOff { percent, of, at_most } => {
                let cuts = self.each(rests, of, |_, rest| Ok(percent.of(rest)))?;
                let sum = Money::sum(cuts.iter().copied(), self.currency)?;
                match in_currency(at_most, self.currency) {
                    Some(most) if most.amount() < sum.amount() => Ok(most.split(&weights(&cuts))),
                    _ => Ok(cuts),
                }
            }
            Action::AmountOff { amounts, of } => {
                let whole = self.each(rests, of, |_, rest| Ok(rest))?;
                let sum = Money::sum(whole.iter().copied(), self.currency)?;
                let amount = in_currency(amounts, self.currency).unwrap_or(Money::zero(self.currency));
                Ok(amount.least(sum)?.split(&weights(&whole)))
            }
            Action::AmountOffEach { amounts, of } => self.each(rests, of, |item, rest| {
                let amount = in_currency(amounts, self.currency).unwrap_or(Money::zero(self.currency));
                amount.times(item.quantity.get())?.least(rest)
            }),
            Action::BuyGet { buy, buy_quantity, get, get_quantity, percent, times } => self.bargain(
                rests,
                &Bargain {
                    buy,
                    buy_quantity: u64::from(buy_quantity.get()),
                    get,
                    get_quantity: u64::from(get_quantity.get()),
                    percent: *percent,
                    times: *times,
                },
            ),
            Action::CheapestFree { of, of_every, times } => self.bargain(
                rests,
                &Bargain {
                    buy: of,
                    buy_quantity: u64::from(of_every.get()).saturating_sub(1),
                    get: of,
                    get_quantity: 1,
                    percent: Percent::ALL,
                    times: *times,
                },
            ),
            Action::Gift { .. }
            | Action::ShippingPercentOff { .. }
            | Action::ShippingAmountOff { .. }
            | Action::FreeShipping {} => Ok(vec![Money::zero(self.currency); rests.len()]),
        }
    }

    fn each(
        &self,
        rests: &[Money],
        of: &Selection,
        cut: impl Fn(&Item, Money) -> Result<Money, MoneyError>,
    ) -> Result<Vec<Money>, MoneyError> {
        let cuts = self.lines.iter().zip(rests).map(|(line, &rest)| {
            if of.takes(line.item) { cut(line.item, rest) } else { Ok(Money::zero(self.currency)) }
        });
        cuts.collect()
    }

    /// As many whole bargains as fit. A piece is bought or gotten, never both; what is gotten is the cheapest there is,
    /// as long as enough is left to be bought.
    fn bargain(&self, rests: &[Money], bargain: &Bargain<'_>) -> Result<Vec<Money>, MoneyError> {
        let mut cuts = vec![Money::zero(self.currency); rests.len()];
        // What costs nothing is neither bought nor worth getting.
        let count = |buy: bool, get: bool| -> u64 {
            let costs = self.lines.iter().zip(rests).filter(|(_, rest)| !rest.is_zero());
            costs
                .filter(|(line, _)| {
                    (bargain.buy.takes(line.item), bargain.get.takes(line.item)) == (buy, get)
                })
                .map(|(line, _)| u64::from(line.item.quantity.get()))
                .sum()
        };
        let (bought, gotten, either) = (count(true, false), count(false, true), count(true, true));
        let fits = |times: u64| {
            let needs = |each: u64, have: u64| times.saturating_mul(each).saturating_sub(have);
            needs(bargain.buy_quantity, bought).saturating_add(needs(bargain.get_quantity, gotten)) <= either
        };
        let most = (bought + gotten + either) / bargain.get_quantity.max(1);
        let most = bargain.times.map_or(most, |times| most.min(u64::from(times.get())));
        let times = largest(most, fits);
        let mut wanted = times * bargain.get_quantity;
        let mut spare = either - (times * bargain.buy_quantity).saturating_sub(bought);
        let mut cheapest: Vec<usize> = (0..self.lines.len())
            .filter(|&place| bargain.get.takes(self.lines[place].item) && !rests[place].is_zero())
            .collect();
        cheapest.sort_by_key(|&place| self.lines[place].item.unit_price.amount());
        for place in cheapest {
            let item = self.lines[place].item;
            let all = u64::from(item.quantity.get());
            let mut got = all.min(wanted);
            if bargain.buy.takes(item) {
                got = got.min(spare);
                spare -= got;
            }
            wanted -= got;
            // Their share of what is left of the line; the first part is the larger one where a unit is over.
            let share = rests[place].split(&[got, all - got]).into_iter().next();
            cuts[place] = bargain.percent.of(share.unwrap_or(cuts[place]));
        }
        Ok(cuts)
    }
}

/// The largest number up to `most` that `fits`, which holds for 0 and, once it fails, for nothing above.
fn largest(most: u64, fits: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if fits(middle) { low = middle } else { high = middle - 1 }
    }
    low
}

fn weights(amounts: &[Money]) -> Vec<u64> {
    amounts.iter().map(|amount| amount.amount().unsigned_abs()).collect()
}
