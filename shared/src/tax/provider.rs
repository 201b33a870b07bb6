//! Where tax rules come from.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{TaxOrigin, TaxRules, storage};
use crate::{
    pricing::Destination,
    store::{Edition, StoreError},
};

/// What rules are asked for.
#[derive(Clone, Copy, Debug)]
pub struct TaxAsk<'a> {
    /// Where the store is taxed.
    pub origin: Option<&'a TaxOrigin>,
    /// Where the goods go, where that is known.
    pub destination: Option<&'a Destination>,
    /// The time whose rates count.
    pub at: Timestamp,
}

/// Whoever knows rates. It answers rules, not amounts: what a cart comes to stays a pure function of them, which can be
/// computed again, and a provider is asked once however often that is.
#[async_trait]
pub trait TaxProvider: Send + Sync {
    /// The rows that may apply.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn rules(&self, ask: TaxAsk<'_>) -> Result<TaxRules, StoreError>;
}

/// The store's own table, of an edition.
pub struct TaxTable<'a>(pub &'a Edition);

#[async_trait]
impl TaxProvider for TaxTable<'_> {
    async fn rules(&self, ask: TaxAsk<'_>) -> Result<TaxRules, StoreError> {
        // Before anybody said where it goes, prices may show the tax of the store's own country.
        let country = ask.destination.map(|to| &to.country).or(ask.origin.map(|origin| &origin.country));
        let rates = match country {
            Some(country) => {
                let (app, tenant) = (self.0.app(), self.0.tenant());
                let of_country = storage::of_country(app, tenant, country);
                let rates = self.0.rules(&format!("tax-rates/{country}"), of_country).await?;
                Vec::clone(&rates)
            }
            None => Vec::new(),
        };
        Ok(TaxRules::new(rates, ask.origin.cloned(), ask.at))
    }
}
