//! Whoever quotes what sending costs.

use async_trait::async_trait;

use super::{Parcel, ShippingOption, options, storage};
use crate::{
    pricing::Destination,
    store::{Edition, StoreError},
};

/// Why there is no quote.
#[derive(Debug, thiserror::Error)]
pub enum CarrierError {
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The carrier did not answer, or not so that it can be understood.
    #[error("the carrier has no answer: {0}")]
    Unavailable(String),
}

/// Whoever quotes what sending costs, on behalf of one tenant.
#[async_trait]
pub trait Carrier: Send + Sync {
    /// How `parcel` can be sent to `destination`, and for how much, just now. Nothing where the store does not reckon
    /// what sending costs: then nobody has to choose.
    ///
    /// # Errors
    /// [`CarrierError`].
    async fn quotes(
        &self,
        destination: &Destination,
        parcel: &Parcel,
    ) -> Result<Option<Vec<ShippingOption>>, CarrierError>;
}

/// The store's own zones, of an edition.
pub struct Zones<'a>(pub &'a Edition);

#[async_trait]
impl Carrier for Zones<'_> {
    async fn quotes(
        &self,
        destination: &Destination,
        parcel: &Parcel,
    ) -> Result<Option<Vec<ShippingOption>>, CarrierError> {
        let zones = storage::zones(self.0.app(), self.0.tenant());
        let zones = self.0.rules("shipping-zones", zones).await?;
        Ok((!zones.is_empty()).then(|| options(&zones, destination, parcel)))
    }
}
