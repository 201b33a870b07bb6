//! What a promotion does.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::rules::{AtLeast, Selection};
use crate::{
    catalog::Sku,
    money::{Money, Percent},
    quantity::Quantity,
};

/// What a promotion does. Amounts are one per currency; in a currency that has none, the action does nothing.
// Variants without fields have braces: serde would let unknown fields of theirs pass otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = PromotionAction)]
pub enum Action {
    /// A share of each of these lines, each rounded half up to the minor unit.
    PercentOff {
        /// How much.
        percent: Percent,
        /// Of what.
        #[serde(default, skip_serializing_if = "Selection::is_all")]
        of: Selection,
        /// No more than this in all, spread over the lines.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        at_most: Vec<Money>,
    },
    /// An amount off these lines together, spread over them in proportion to what they cost.
    AmountOff {
        /// How much.
        amounts: Vec<Money>,
        /// Of what.
        #[serde(default, skip_serializing_if = "Selection::is_all")]
        of: Selection,
    },
    /// An amount off every single one of these.
    AmountOffEach {
        /// How much.
        amounts: Vec<Money>,
        /// Of what.
        #[serde(default, skip_serializing_if = "Selection::is_all")]
        of: Selection,
    },
    /// Who buys so many of these gets so many of those for less, the cheapest first. What is bought and what is gotten
    /// are different pieces, also where they are of one kind.
    BuyGet {
        /// What has to be bought.
        #[serde(default, skip_serializing_if = "Selection::is_all")]
        buy: Selection,
        /// How many of it.
        buy_quantity: Quantity,
        /// What costs less.
        #[serde(default, skip_serializing_if = "Selection::is_all")]
        get: Selection,
        /// How many of it.
        get_quantity: Quantity,
        /// How much less: 100 makes it free.
        #[serde(default = "all")]
        percent: Percent,
        /// How often in one order; as often as it fits where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        times: Option<Quantity>,
    },
    /// Of every so many of these, the cheapest is free: three for two is `of_every` 3.
    CheapestFree {
        /// Of what.
        #[serde(default, skip_serializing_if = "Selection::is_all")]
        of: Selection,
        /// Of how many one is free: 2 or more.
        of_every: Quantity,
        /// How often in one order; as often as it fits where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        times: Option<Quantity>,
    },
    /// A line of its own that costs nothing. What the shopper put into the cart of it stays what it costs.
    Gift {
        /// What.
        sku: Sku,
        /// How many.
        quantity: Quantity,
    },
    /// A share of what sending costs.
    ShippingPercentOff {
        /// How much.
        percent: Percent,
    },
    /// An amount off what sending costs.
    ShippingAmountOff {
        /// How much.
        amounts: Vec<Money>,
    },
    /// Sending is free.
    FreeShipping {},
}

fn all() -> Percent {
    Percent::ALL
}

impl Action {
    /// Whether it takes off what sending costs.
    pub const fn is_of_shipping(&self) -> bool {
        matches!(
            self,
            Self::ShippingPercentOff { .. } | Self::ShippingAmountOff { .. } | Self::FreeShipping {}
        )
    }
}

/// What a promotion does from some threshold on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PromotionTier)]
pub struct Tier {
    /// From when on.
    pub from: AtLeast,
    /// What it does then, in place of what the tiers before it do.
    pub actions: Vec<Action>,
}
