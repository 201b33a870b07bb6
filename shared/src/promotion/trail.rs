//! What a person's orders took of promotions, for an export of what is known of them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Shopper, claims::Record};
use crate::{
    id::{OrderId, PromotionId},
    money::Money,
    pricing::PromotionCode,
    runtime::App,
    store::{self, StoreError, keys},
    tenant::Tenant,
};

/// What is kept of somebody's use of promotions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct PromotionTrail {
    /// What their orders took.
    pub uses: Vec<PromotionUse>,
    /// How often they used the promotions that one customer may use so often only.
    pub counted: Vec<CountedUses>,
    /// The order that counts as their first one, where a promotion asked.
    pub first_order: Option<OrderId>,
}

/// What an order took of a promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PromotionUse {
    /// Which order.
    pub order: OrderId,
    /// Which promotion.
    pub promotion: PromotionId,
    /// The single-use code that it used up.
    pub code: Option<PromotionCode>,
    /// What it took off.
    pub amount: Money,
    /// Whether it was given back because the order was canceled.
    pub released: bool,
}

/// How often somebody used a promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CountedUses {
    /// Which promotion.
    pub promotion: PromotionId,
    /// How often.
    pub used: i64,
}

/// What is kept of the use that `shoppers`, who are one person, made of promotions with these orders.
///
/// # Errors
/// [`StoreError`].
pub async fn trail(
    app: &App,
    tenant: Tenant,
    orders: &[OrderId],
    shoppers: &[Shopper],
) -> Result<PromotionTrail, StoreError> {
    #[derive(Deserialize)]
    struct Uses {
        #[serde(default)]
        used: i64,
    }
    #[derive(Deserialize)]
    struct Mark {
        order: OrderId,
    }
    let mut trail = PromotionTrail::default();
    let mut limited = std::collections::BTreeSet::new();
    for order in orders {
        let key = keys::promotion_claims(tenant, *order);
        let Some(record) = store::get::<Record>(app, "promotion_claims", &key).await? else { continue };
        let released = record.is_released();
        for claim in record.claims {
            if claim.of_shopper {
                limited.insert(claim.promotion);
            }
            let (order, promotion, code, amount) = (*order, claim.promotion, claim.code, claim.amount);
            trail.uses.push(PromotionUse { order, promotion, code, amount, released });
        }
    }
    for shopper in shoppers.iter().map(ToString::to_string) {
        for promotion in &limited {
            let key = keys::promotion_uses_of(tenant, *promotion, &shopper);
            if let Some(Uses { used }) = store::get(app, "promotion_uses", &key).await? {
                trail.counted.push(CountedUses { promotion: *promotion, used });
            }
        }
        let mark: Option<Mark> = store::get(app, "first_order", &keys::first_order(tenant, &shopper)).await?;
        trail.first_order = trail.first_order.or(mark.map(|mark| mark.order));
    }
    Ok(trail)
}
