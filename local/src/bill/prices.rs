//! The table of list prices.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Bill, Item, Line, Share, Usage, Usd};

/// The prices in this folder's `prices.json`: of one region, as AWS listed them on a day.
pub const LISTED: &str = include_str!("prices.json");

/// Prices.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// Where they are asked.
    pub region: String,
    /// When they were looked up.
    pub date: String,
    /// What they are in.
    pub currency: String,
    /// Which of each price's steps they are.
    pub tier: String,
    prices: Vec<Price>,
    /// How long it takes to start a function, in milliseconds.
    assumed_start_milliseconds: u64,
    /// How long a function waits for a call to a service. On this machine it hardly waits; at AWS it is billed for it.
    assumed_milliseconds: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Price {
    item: Item,
    usd: String,
    per: u64,
    /// The page that lists it.
    source: String,
}

/// A table of prices that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum PricesError {
    /// It can't be read.
    #[error("the prices: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// A price is none.
    #[error("the prices: {0}")]
    Amount(String),
    /// Something has no price.
    #[error("the prices: {0:?} has none")]
    Missing(Item),
}

impl Prices {
    /// The prices that this version was built with.
    ///
    /// # Errors
    /// [`PricesError`] where their file is wrong; a test sees to it that it isn't.
    pub fn listed() -> Result<Self, PricesError> {
        let prices: Self = serde_json::from_str(LISTED)?;
        for item in Item::ALL {
            prices.of(item, 1, 1)?;
        }
        Ok(prices)
    }

    /// What `quantity / parts` of `item` costs.
    ///
    /// # Errors
    /// [`PricesError`] where it has no price.
    pub fn of(&self, item: Item, quantity: u64, parts: u64) -> Result<Usd, PricesError> {
        let price = self.prices.iter().find(|price| price.item == item).ok_or(PricesError::Missing(item))?;
        let usd: Usd = price.usd.parse().map_err(PricesError::Amount)?;
        Ok(usd.times(quantity, price.per.saturating_mul(parts)))
    }

    /// How long it takes to start a function at AWS, in milliseconds.
    pub fn starting(&self) -> u64 {
        self.assumed_start_milliseconds
    }

    /// How long a function at AWS waits for a call to `service`, in milliseconds.
    pub fn waiting(&self, service: &str) -> u64 {
        self.assumed_milliseconds.get(service).copied().unwrap_or(0)
    }

    /// Where the price of `item` is from.
    pub fn source(&self, item: Item) -> &str {
        self.prices.iter().find(|price| price.item == item).map_or("", |price| &price.source)
    }

    /// What each item of `usage` costs, where all of it happens so many `times`.
    ///
    /// # Errors
    /// [`PricesError`] where something has no price.
    pub fn bill(&self, usage: &Usage, times: u64) -> Result<Bill, PricesError> {
        let mut lines = Vec::new();
        for item in Item::ALL {
            let halves = usage.halves(item, self);
            lines.push(Line { item, halves, cost: self.of(item, halves.saturating_mul(times), 2)? });
        }
        let mut aside = Vec::new();
        for share in Share::ASIDE {
            let of = |item| self.of(item, usage.halves_of(share, item, self).saturating_mul(times), 2);
            let costs = Item::ALL.into_iter().map(of).collect::<Result<Vec<_>, _>>()?;
            aside.push((share, costs.into_iter().sum()));
        }
        Ok(Bill { lines, aside, times })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_a_price_and_the_page_that_lists_it() {
        let prices = Prices::listed().unwrap();
        for item in Item::ALL {
            assert!(prices.of(item, 1_000_000, 1).unwrap() > Usd::default(), "{item:?}");
            assert!(prices.source(item).starts_with("https://aws.amazon.com/"), "{item:?}");
        }
        for service in ["dynamodb", "kms", "secretsmanager", "ses", "sns", "sqs"] {
            assert!(prices.waiting(service) > 0, "{service}");
        }
    }
}
