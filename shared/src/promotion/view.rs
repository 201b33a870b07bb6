//! Promotions as the staff see them.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    action::{Action, Tier},
    model::{Limits, Promotion, PromotionStatus, Stacking, Trigger},
    rules::Rules,
};
use crate::{contact::Line, id::PromotionId, metadata::Metadata, money::Money};

/// What orders took of a promotion. Those that were canceled gave it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PromotionUsage {
    /// In how many orders it is.
    pub used: u64,
    /// What it took off in all, one amount per currency.
    pub spent: Vec<Money>,
}

/// A promotion.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Promotion)]
pub struct PromotionView {
    /// Its id.
    pub id: PromotionId,
    /// What people call it.
    pub name: Line,
    /// Whether it is on.
    pub status: PromotionStatus,
    /// What makes it be looked at.
    pub trigger: Trigger,
    /// It applies from then on.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub starts_at: Option<Timestamp>,
    /// It applies until just before then.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Timestamp>,
    /// Those with a higher one come first; of equals, the older one.
    pub priority: u16,
    /// Whether it combines with others.
    pub stacking: Stacking,
    /// What must hold.
    pub rules: Rules,
    /// What it does.
    pub actions: Vec<Action>,
    /// What it does in place of that from each threshold on.
    pub tiers: Vec<Tier>,
    /// How often, and for how much.
    pub limits: Limits,
    /// What orders took of it; lists don't tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<PromotionUsage>,
    /// The caller's own.
    pub metadata: Metadata,
    /// Counts its changes, from 1.
    pub version: u32,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

impl PromotionView {
    /// As the staff see `promotion`.
    pub fn of(promotion: Promotion, usage: Option<PromotionUsage>) -> Self {
        Self {
            id: promotion.id,
            name: promotion.name,
            status: promotion.status,
            trigger: promotion.trigger,
            starts_at: promotion.starts_at,
            ends_at: promotion.ends_at,
            priority: promotion.priority,
            stacking: promotion.stacking,
            rules: promotion.rules,
            actions: promotion.actions,
            tiers: promotion.tiers,
            limits: promotion.limits,
            usage,
            metadata: promotion.metadata,
            version: promotion.version,
            created_at: promotion.created_at,
            updated_at: promotion.updated_at,
        }
    }
}
