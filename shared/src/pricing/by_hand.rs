//! What staff set by hand: prices, discounts, and what was paid past the payment provider.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    money::{Money, MoneyError, Percent},
    text::slug,
};

crate::text_type! {
    /// Why staff set a price or a discount, in a word of the store's own choice, such as `price-match`. A word, so that
    /// nobody writes about people in what is published.
    PriceReason, example "price-match", length 1..=40, pattern "^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$", check slug
}

crate::text_type! {
    /// How something was paid past the payment provider, in a word of the store's own choice, such as `bank-transfer`.
    OutsideMethod, example "bank-transfer", length 1..=40, pattern "^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$", check slug
}

/// A discount by hand, on all units of a line together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandDiscount {
    /// So much of what they cost.
    Percent(Percent),
    /// So much, or all they cost where that is less.
    Amount(Money),
}

/// What staff say of a line's price. Promotions leave such a line alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByHand {
    /// What one costs, in place of the catalog and the price lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<Money>,
    /// What is taken off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<HandDiscount>,
    /// Why.
    pub reason: PriceReason,
}

/// What staff said of a line's price, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PricedByHand {
    /// Whether what one costs is what they said.
    pub price: bool,
    /// What they took off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<Money>,
    /// Why.
    pub reason: PriceReason,
}

/// What was paid past the payment provider, as staff say: in cash, by bank transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaidOutside {
    /// How.
    pub method: OutsideMethod,
    /// How much.
    pub amount: Money,
}

impl ByHand {
    /// What comes of it for a line that costs `total`.
    ///
    /// # Errors
    /// [`MoneyError`] where it is in another currency.
    pub fn on(&self, total: Money) -> Result<PricedByHand, MoneyError> {
        let discount = match self.discount {
            None => None,
            Some(HandDiscount::Percent(percent)) => Some(percent.of(total)),
            Some(HandDiscount::Amount(amount)) => Some(amount.least(total)?),
        };
        let discount = discount.filter(|discount| !discount.is_zero());
        Ok(PricedByHand { price: self.unit_price.is_some(), discount, reason: self.reason.clone() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn euros(amount: i64) -> Money {
        Money::new(amount, "EUR".parse().unwrap())
    }

    fn hand(discount: HandDiscount) -> ByHand {
        ByHand { unit_price: None, discount: Some(discount), reason: "price-match".parse().unwrap() }
    }

    proptest! {
        #[test]
        fn no_more_is_taken_off_than_it_costs(total in 0_i64.., parts in 0_u32..=1_000_000, amount in 0_i64..) {
            for discount in [HandDiscount::Percent(Percent::from_parts(parts).unwrap()), HandDiscount::Amount(euros(amount))] {
                let off = hand(discount).on(euros(total)).unwrap().discount.map_or(0, Money::amount);
                prop_assert!((0..=total).contains(&off));
            }
        }
    }

    #[test]
    fn an_amount_of_another_currency_is_refused() {
        let yen = HandDiscount::Amount(Money::new(1, "JPY".parse().unwrap()));
        assert!(hand(yen).on(euros(100)).is_err());
    }

    #[test]
    fn a_discount_is_written_by_its_name() {
        let percent: HandDiscount = serde_json::from_str(r#"{"percent": "12.5"}"#).unwrap();
        assert_eq!(hand(percent).on(euros(1000)).unwrap().discount, Some(euros(125)));
        assert!(serde_json::from_str::<HandDiscount>(r#"{"percent": "101"}"#).is_err());
    }
}
