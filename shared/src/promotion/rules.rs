//! What must hold for a promotion to apply.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    catalog::Sku,
    contact::Tag,
    id::ProductId,
    money::{Currency, Money},
    pricing::{CustomerGroup, Item},
    text::slug,
};

crate::text_type! {
    /// Promotions of one group don't combine: of those that could apply, the first in precedence does.
    ExclusionGroup, example "summer-sale", length 1..=40, pattern "^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$", check slug
}

/// Some of a catalog: whatever one of the lists names. With no list, all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PromotionSelection)]
pub struct Selection {
    /// These SKUs.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub skus: BTreeSet<Sku>,
    /// Products with one of these tags.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub categories: BTreeSet<Tag>,
    /// All variants of these products.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub products: BTreeSet<ProductId>,
}

impl Selection {
    /// Whether it is all of the catalog.
    pub fn is_all(&self) -> bool {
        self.names() == 0
    }

    /// How much it names.
    pub fn names(&self) -> usize {
        self.skus.len() + self.categories.len() + self.products.len()
    }

    /// Whether `item` is in it. What staff priced by hand is in none: they said what it costs.
    pub fn takes(&self, item: &Item) -> bool {
        let named = self.is_all()
            || self.skus.contains(&item.sku)
            || self.products.contains(&item.product)
            || !self.categories.is_disjoint(&item.tags);
        named && item.by_hand.is_none()
    }
}

/// A threshold: so many of these, and for so much, before any discount.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PromotionThreshold)]
pub struct AtLeast {
    /// Of what.
    #[serde(default, skip_serializing_if = "Selection::is_all")]
    pub of: Selection,
    /// How many.
    #[serde(default)]
    pub quantity: u32,
    /// For how much, one amount per currency. Where there are any, it is out of reach in other currencies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amounts: Vec<Money>,
}

/// What must hold, all of it, for a promotion to apply. What is absent is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PromotionRules)]
pub struct Rules {
    /// What all lines come to at least, before any discount, one amount per currency. Where there are any, the
    /// promotion does not apply in other currencies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub minimum: Vec<Money>,
    /// What has to be in the cart: each of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<AtLeast>,
    /// The shopper is in one of these groups.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub customer_groups: BTreeSet<CustomerGroup>,
    /// The shopper orders here for the first time.
    #[serde(default)]
    pub first_order: bool,
    /// The cart is in one of these currencies.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub currencies: BTreeSet<Currency>,
}

/// The amount of those that is in `currency`.
pub fn in_currency(amounts: &[Money], currency: Currency) -> Option<Money> {
    amounts.iter().copied().find(|amount| amount.currency() == currency)
}
