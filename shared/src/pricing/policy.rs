//! How a store's prices are meant.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is rounded to the minor unit. Half of a unit always goes up, away from zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// The tax of each line.
    #[default]
    Line,
    /// The tax of all lines of one rate; the lines get their shares of it by largest remainder.
    Total,
}

/// How a store's prices are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PricePolicy {
    /// What is rounded.
    #[serde(default)]
    pub rounding: Rounding,
    /// Whether prices hold the tax already.
    #[serde(default)]
    pub prices_include_tax: bool,
}
