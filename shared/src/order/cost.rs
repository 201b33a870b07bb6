//! What parts of an order cost: so that many refunds of parts sum exactly to the whole.
//!
//! What is due for the first `n` of a line's units is its amount times `n` over all, half up. A refund of more units
//! gives what is due for them and those before, less what was given for those before. After the last unit nothing is
//! left and nothing too much was given, whatever was rounded on the way.

use super::{
    model::Order,
    refund::{RefundParts, RefundedLine, RefundedShipping},
};
use crate::{
    catalog::Sku,
    money::{Money, MoneyError},
    payment::RefundStatus,
    quantity::Quantity,
};

/// `part` of `whole` of an amount that is not below zero, half up.
pub(super) fn share(amount: Money, part: i64, whole: i64) -> Money {
    if whole <= 0 {
        return Money::zero(amount.currency());
    }
    let (whole, part) = (i128::from(whole), i128::from(part.clamp(0, whole)));
    let exact = i128::from(amount.amount()) * part;
    // At most `amount`, so it fits.
    let rounded = i64::try_from((2 * exact + whole) / (2 * whole)).unwrap_or(amount.amount());
    Money::new(rounded, amount.currency())
}

impl Order {
    /// The parts of refunds that did not fail.
    fn refunded_parts(&self) -> impl Iterator<Item = &RefundParts> {
        let counts = self.refunds.iter().filter(|refund| refund.status != RefundStatus::Failed);
        counts.map(|refund| &refund.request.parts)
    }

    /// Whether money went back for any of a line's units, or is on its way.
    pub(super) fn is_refunded(&self, line: usize) -> bool {
        self.refunded_of(line).next().is_some()
    }

    fn refunded_of(&self, line: usize) -> impl Iterator<Item = &RefundedLine> {
        let of = move |part: &&RefundedLine| usize::try_from(part.line) == Ok(line);
        self.refunded_parts().flat_map(|parts| &parts.lines).filter(of)
    }

    /// How many of a line's units can still be refunded.
    pub(super) fn refundable_units(&self, line: usize) -> u32 {
        let all = self.lines.get(line).map_or(0, |line| line.quantity.get());
        let refunded: u32 = self.refunded_of(line).map(|part| part.quantity.get()).sum();
        all.saturating_sub(refunded)
    }

    /// What `units` more of a line cost; nothing where there are not so many.
    fn units(&self, place: usize, units: u32) -> Result<Option<RefundedLine>, MoneyError> {
        let left = self.refundable_units(place);
        let (Some(line), Ok(quantity)) = (self.lines.get(place), Quantity::try_from(i64::from(units))) else {
            return Ok(None);
        };
        if units > left {
            return Ok(None);
        }
        let all = line.quantity.get();
        let upto = i64::from(all - left + units);
        let (tax, payable) = (line.tax()?, line.payable(self.policy())?);
        let due = |amount: Money, before: fn(&RefundedLine) -> Money| {
            let given = Money::sum(self.refunded_of(place).map(before), amount.currency())?;
            share(amount, upto, i64::from(all)).minus(given).map(Money::or_zero)
        };
        let net = due(payable.minus(tax)?, |part| part.net)?;
        let tax = due(tax, |part| part.tax)?;
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        Ok(Some(RefundedLine { line: place, sku: line.sku.clone(), quantity, net, tax }))
    }

    /// What `wanted` of a SKU cost, from its first line on; the number that is left where there are not so many.
    pub(super) fn cost_of(
        &self,
        sku: &Sku,
        wanted: u32,
    ) -> Result<Result<Vec<RefundedLine>, u32>, MoneyError> {
        let (mut parts, mut missing) = (Vec::new(), wanted);
        let places = self.lines.iter().enumerate().filter(|(_, line)| line.sku == *sku);
        for (place, _) in places {
            let units = self.refundable_units(place).min(missing);
            parts.extend(self.units(place, units)?);
            missing -= units;
        }
        Ok(if missing == 0 { Ok(parts) } else { Err(wanted - missing) })
    }

    /// What is left of what sending cost, with its tax.
    pub(super) fn shipping_left(&self) -> Result<Money, MoneyError> {
        let none = Money::zero(self.total().currency());
        let Some(shipping) = self.pricing.as_ref().and_then(|pricing| pricing.shipping.as_ref()) else {
            return Ok(none);
        };
        let given = self.refunded_parts().filter_map(|parts| parts.shipping.as_ref());
        let given = Money::sum(given.flat_map(|part| [part.net, part.tax]), none.currency())?;
        Ok(shipping.payable(self.policy())?.minus(given)?.or_zero())
    }

    /// `amount` of what sending cost, which is no more than is left of it.
    pub(super) fn cost_of_shipping(&self, amount: Money) -> Result<Option<RefundedShipping>, MoneyError> {
        let shipping = self.pricing.as_ref().and_then(|pricing| pricing.shipping.as_ref());
        let (Some(shipping), false) = (shipping, amount.is_zero()) else {
            return Ok(None);
        };
        let (all, tax) = (shipping.payable(self.policy())?, shipping.tax()?);
        let upto = all.minus(self.shipping_left()?)?.plus(amount)?;
        let taxed = self.refunded_parts().filter_map(|parts| parts.shipping.as_ref());
        let taxed = Money::sum(taxed.map(|part| part.tax), tax.currency())?;
        let tax = share(tax, upto.amount(), all.amount()).minus(taxed)?.or_zero().least(amount)?;
        Ok(Some(RefundedShipping { net: amount.minus(tax)?, tax }))
    }

    /// What `amount`, all that is left of the order's money, is for: every line and all of the shipping, where that is
    /// what it sums to.
    pub(super) fn cost_of_all(&self, amount: Money) -> Result<RefundParts, MoneyError> {
        let mut parts = RefundParts::default();
        for place in 0..self.lines.len() {
            parts.lines.extend(self.units(place, self.refundable_units(place))?);
        }
        parts.shipping = self.cost_of_shipping(self.shipping_left()?)?;
        let same = parts.total(amount.currency())? == amount;
        Ok(if same { parts } else { RefundParts::adjustment(amount) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_share_grows_with_its_part_and_ends_at_the_whole(amount in 0_i64.., whole in 1_i64..5_000, part in 0_i64..5_000) {
            let amount = Money::new(amount, "JPY".parse().unwrap());
            let part = part % whole;
            prop_assert!(share(amount, part, whole).amount() <= share(amount, part + 1, whole).amount());
            prop_assert_eq!(share(amount, whole, whole), amount);
            prop_assert_eq!(share(amount, 0, whole).amount(), 0);
        }
    }
}
