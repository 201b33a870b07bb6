//! What a list says of one SKU.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::PriceList;
use crate::{catalog::Sku, http::Problem, id::PriceListId, money::Money, quantity::Quantity};

/// Steps of a price by quantity.
const MOST_TIERS: usize = 20;
/// The highest price: 10 billion minor units, as in the catalog.
const MOST_PRICE: i64 = 10_000_000_000;

/// What one costs for whoever takes so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceTier {
    /// From how many on.
    #[serde(default = "one")]
    pub min_quantity: Quantity,
    /// What one costs.
    pub price: Money,
}

fn one() -> Quantity {
    Quantity::ONE
}

/// An entry as callers give it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryInput {
    /// Of what.
    pub sku: Sku,
    /// What it costs, from which quantity on: 1 to 20, each from a higher quantity on. Below the first one the list has
    /// no price.
    pub tiers: Vec<PriceTier>,
}

/// What a list says of one SKU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PriceListEntry)]
pub struct Entry {
    /// Which list.
    pub price_list: PriceListId,
    /// Of what.
    pub sku: Sku,
    /// What it costs, from which quantity on.
    pub tiers: Vec<PriceTier>,
}

impl Entry {
    /// An entry of `list`.
    ///
    /// # Errors
    /// What is wrong with its tiers.
    pub fn new(list: &PriceList, input: EntryInput) -> Result<Self, Problem> {
        let EntryInput { sku, tiers } = input;
        let fault = |detail: &str| Err(Problem::invalid("tiers", detail));
        if !(1..=MOST_TIERS).contains(&tiers.len()) {
            return fault("There must be 1 to 20 tiers.");
        }
        if tiers.iter().any(|tier| tier.price.currency() != list.currency) {
            return fault("Prices must be in the list's currency.");
        }
        if tiers.iter().any(|tier| !(0..=MOST_PRICE).contains(&tier.price.amount())) {
            return fault("Amounts must be from 0 to 10000000000.");
        }
        if tiers.windows(2).any(|two| two[0].min_quantity.get() >= two[1].min_quantity.get()) {
            return fault("Each tier's `min_quantity` must be above the one before.");
        }
        Ok(Self { price_list: list.id, sku, tiers })
    }

    /// What one costs for whoever takes `quantity`.
    pub fn price(&self, quantity: Quantity) -> Option<Money> {
        let reached = |tier: &&PriceTier| tier.min_quantity.get() <= quantity.get();
        self.tiers.iter().rev().find(reached).map(|tier| tier.price)
    }
}
