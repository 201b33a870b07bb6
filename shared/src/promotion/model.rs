//! What a promotion is.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    action::{Action, Tier},
    rules::{ExclusionGroup, Rules},
};
use crate::{contact::Line, id::PromotionId, metadata::Metadata, money::Money, pricing::PromotionCode};

/// Whether a promotion is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PromotionStatus {
    /// It is, between its dates.
    #[default]
    Active,
    /// Not now.
    Paused,
    /// Never again. Orders still know it, and its code is free for another one.
    Archived,
}

impl PromotionStatus {
    /// `active`, `paused` or `archived`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Archived => "archived",
        }
    }
}

/// What makes a promotion be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = PromotionTrigger)]
pub enum Trigger {
    /// Nothing: it applies wherever its rules hold.
    Automatic {},
    /// A code that everybody shares.
    Code {
        /// The code.
        code: PromotionCode,
    },
    /// Codes that work once each.
    SingleUseCodes {},
}

/// Whether a promotion combines with others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = PromotionStacking)]
pub enum Stacking {
    /// With none: it applies only where nothing before it did, and nothing after it does.
    Exclusive {},
    /// With all but exclusive ones and those of its group.
    Stackable {
        /// Its group.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<ExclusionGroup>,
    },
}

impl Default for Trigger {
    fn default() -> Self {
        Self::Automatic {}
    }
}

impl Default for Stacking {
    fn default() -> Self {
        Self::Stackable { group: None }
    }
}

/// How often, and for how much in all, a promotion may be used. What is absent has no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PromotionLimits)]
pub struct Limits {
    /// In so many orders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<u32>,
    /// In so many orders of one customer; for guests, of one email address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses_per_customer: Option<u32>,
    /// What it may take off in all, one amount per currency. Where there are any, the promotion does not apply in
    /// other currencies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub budgets: Vec<Money>,
}

impl Limits {
    /// Whether all orders together are limited, and so must be counted in one place.
    pub fn over_all(&self) -> bool {
        self.uses.is_some() || !self.budgets.is_empty()
    }
}

/// How the uses of a promotion are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tally {
    /// In one place: as exact as limits have to be, and orders that use it at the same moment wait for each other.
    One,
    /// In many, summed up when somebody asks: orders don't meet there.
    #[default]
    Spread,
}

/// A promotion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Promotion {
    /// Its id.
    pub id: PromotionId,
    /// What people call it.
    pub name: Line,
    /// Whether it is on.
    pub status: PromotionStatus,
    /// What makes it be looked at.
    pub trigger: Trigger,
    /// It applies from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    /// It applies until just before then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// Those with a higher one come first; of equals, the older one.
    pub priority: u16,
    /// Whether it combines with others.
    pub stacking: Stacking,
    /// What must hold.
    pub rules: Rules,
    /// What it does, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
    /// What it does in place of that from each threshold on. The last one that is reached counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<Tier>,
    /// How often, and for how much.
    pub limits: Limits,
    /// How its uses are counted.
    pub tally: Tally,
    /// The caller's own.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
    /// Counts its changes, from 1.
    pub version: u32,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
