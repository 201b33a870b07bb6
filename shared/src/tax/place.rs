//! Where a store is taxed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    contact::{Country, Line},
    pricing::{Destination, VatId},
};

/// Where a store is taxed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaxOrigin {
    /// The country that its goods leave from.
    pub country: Country,
    /// The state, province or region there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Line>,
    /// Its own VAT id. Without one it charges no business abroad the other way round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_id: Option<VatId>,
}

impl TaxOrigin {
    /// The place as a destination: of what is picked up there, or of what is shown before anybody said where it goes.
    pub fn destination(&self) -> Destination {
        Destination { country: self.country.clone(), region: self.region.clone(), postal_code: None }
    }
}
