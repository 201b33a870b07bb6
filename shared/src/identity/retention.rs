//! How long a store keeps what it knows of people.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Days after which something is erased: 30 to 36,500.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32")]
pub struct Days(u32);

impl Days {
    /// How many.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Days {
    type Error = &'static str;

    fn try_from(days: u32) -> Result<Self, Self::Error> {
        if (30..=36_500).contains(&days) { Ok(Self(days)) } else { Err("must be 30 to 36500 days") }
    }
}

/// How long a store keeps what it knows of people. What is absent is kept until somebody asks for its erasure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Customers are erased who neither logged in nor ordered for so many days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, minimum = 30, maximum = 36500)]
    pub inactive_customers_days: Option<Days>,
    /// Guests are erased so many days after their last order. The orders stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, minimum = 30, maximum = 36500)]
    pub guest_contacts_days: Option<Days>,
}
