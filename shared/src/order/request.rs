//! What callers say when they act on an order.

mod later;

use std::fmt;

use serde::{Deserialize, Deserializer, de::Error as _};
use utoipa::{IntoParams, ToSchema};

use super::event::{ShippedLine, Tracking};
use crate::{
    contact::{Line, ShortLine},
    money::Money,
};

pub use later::{
    EditLine, EditOrder, ExchangeGoods, ReceiveLine, ReceiveReturn, RefundLine, RefundOrder, RefundTarget,
    RejectReturn, RequestReturn, ShippingInput,
};

/// Which version of an order to read.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ReadOrder {
    /// The order as it was when so much had happened to it, as its timeline counts; as it is now where absent.
    #[serde(default, deserialize_with = "number")]
    #[param(minimum = 1)]
    pub version: Option<u32>,
}

/// A number in a query, where all is text.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let number = text.map(|text| text.parse().map_err(|_| D::Error::custom("must be a whole number")));
    number.transpose()
}

/// A cancellation.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelOrder {
    /// Why, in the store's own words.
    #[serde(default)]
    pub reason: Option<Line>,
}

// Whoever writes a reason may name the shopper.
impl fmt::Debug for CancelOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CancelOrder(…)")
    }
}

impl fmt::Debug for ReviewOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReviewOrder(…)")
    }
}

/// A capture of what is held.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaptureOrder {
    /// How much, at least the smallest unit; all that is due where absent. What is not taken is let go.
    #[serde(default, deserialize_with = "positive")]
    pub amount: Option<Money>,
}

/// An amount above zero.
fn positive<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Money>, D::Error> {
    let amount = Option::<Money>::deserialize(deserializer)?;
    match amount {
        Some(amount) if amount.amount() <= 0 => Err(D::Error::custom("must be above zero")),
        amount => Ok(amount),
    }
}

/// A decision on an order that was held for review.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewOrder {
    /// Why, in the store's own words.
    #[serde(default)]
    pub reason: Option<Line>,
}

/// A parcel.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FulfillOrder {
    /// What is in it; all that was not sent yet where absent.
    #[serde(default)]
    pub lines: Option<Vec<FulfillLine>>,
    /// Where it can be followed: the carrier's number, or the number and the carrier.
    #[serde(default)]
    pub tracking: Option<TrackingInput>,
}

/// Some of a line in a parcel.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FulfillLine {
    /// Of what.
    pub sku: crate::catalog::Sku,
    /// How many.
    pub quantity: crate::quantity::Quantity,
}

impl From<FulfillLine> for ShippedLine {
    fn from(line: FulfillLine) -> Self {
        Self { sku: line.sku, quantity: line.quantity }
    }
}

/// A tracking number, alone or with its carrier.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(untagged, expecting = "must be a tracking number, or an object with `number` and `carrier`")]
pub enum TrackingInput {
    /// The number alone.
    Number(ShortLine),
    /// The number and the carrier.
    Tracking(Tracking),
}

impl From<TrackingInput> for Tracking {
    fn from(input: TrackingInput) -> Self {
        match input {
            TrackingInput::Number(number) => Self { number, carrier: None },
            TrackingInput::Tracking(tracking) => tracking,
        }
    }
}
