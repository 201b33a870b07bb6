//! What is in a parcel, and where it can be followed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{catalog::Sku, contact::ShortLine, quantity::Quantity};

/// Some of a line in a parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShippedLine {
    /// Of what.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
}

/// Where a parcel can be followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tracking {
    /// The carrier's number.
    pub number: ShortLine,
    /// The carrier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<ShortLine>,
}
