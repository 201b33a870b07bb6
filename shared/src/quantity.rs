//! How many.

use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr,
        schema::{Schema, Type},
    },
};

/// How many of a thing: 1 to 10000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Quantity(u32);

impl Quantity {
    /// One.
    pub const ONE: Self = Self(1);

    /// As a number.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The sum, where it is still a quantity.
    pub fn plus(self, other: Self) -> Result<Self, String> {
        Self::try_from(i64::from(self.0) + i64::from(other.0))
    }
}

impl TryFrom<i64> for Quantity {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        let valid = (1..=10_000).contains(&number).then(|| u32::try_from(number).ok()).flatten();
        valid.map(Self).ok_or_else(|| "must be a whole number from 1 to 10000".to_owned())
    }
}

impl From<Quantity> for i64 {
    fn from(quantity: Quantity) -> Self {
        Self::from(quantity.0)
    }
}

impl PartialSchema for Quantity {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(10_000))
            .examples([2])
            .into()
    }
}

impl ToSchema for Quantity {}
