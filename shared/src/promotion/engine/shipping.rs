//! What a promotion takes off the price of sending.

use super::super::{action::Action, rules::in_currency};
use crate::money::{Money, MoneyError};

/// What a promotion does to the price of sending, and what that came to, once the price is known.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OfShipping {
    actions: Vec<Action>,
    pub(super) taken: Option<Money>,
}

impl OfShipping {
    /// Those of `actions` that are about sending, if any.
    pub(super) fn of(actions: &[Action]) -> Option<Self> {
        let actions: Vec<Action> = actions.iter().filter(|action| action.is_of_shipping()).cloned().collect();
        (!actions.is_empty()).then_some(Self { actions, taken: None })
    }

    /// What is taken off `price`; never more than that.
    pub(super) fn cut(&self, price: Money) -> Result<Money, MoneyError> {
        let mut rest = price;
        for action in &self.actions {
            let cut = match action {
                Action::ShippingPercentOff { percent } => percent.of(rest),
                Action::ShippingAmountOff { amounts } => match in_currency(amounts, rest.currency()) {
                    Some(amount) => amount.least(rest)?,
                    None => Money::zero(rest.currency()),
                },
                Action::FreeShipping {} => rest,
                _ => Money::zero(rest.currency()),
            };
            rest = rest.minus(cut)?;
        }
        price.minus(rest)
    }
}
