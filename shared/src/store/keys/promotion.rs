//! A store's promotions, their codes, and what orders took of them.

use super::Key;
use crate::{
    id::{OrderId, PromotionId},
    tenant::Tenant,
};

/// The partition that holds a store's promotions, by id.
pub fn promotions(tenant: Tenant) -> String {
    format!("{tenant}/promotions")
}

/// A promotion, as the staff made it.
pub fn promotion(tenant: Tenant, id: PromotionId) -> Key {
    Key::state(promotions(tenant), id.to_string())
}

/// The partition that holds copies of the promotions that every cart is looked at for, by id.
pub fn automatic_promotions(tenant: Tenant) -> String {
    format!("{tenant}/promotions/automatic")
}

/// The copy of a promotion that every cart is looked at for.
pub fn automatic_promotion(tenant: Tenant, id: PromotionId) -> Key {
    Key::rules(automatic_promotions(tenant), id.to_string())
}

/// How many of those there are.
pub fn automatic_promotion_count(tenant: Tenant) -> Key {
    Key::state(format!("{tenant}/promotions/count"), "automatic")
}

/// A code: which promotion it leads to, and which order used it.
pub fn promotion_code(tenant: Tenant, code: &str) -> Key {
    Key::state(format!("{tenant}/promotions/code/{code}"), "code")
}

/// The partition that lists a promotion's single-use codes.
pub fn codes_of_promotion(tenant: Tenant, id: PromotionId) -> String {
    format!("{tenant}/promotions/codes/{id}")
}

/// The mark that a single-use code is a promotion's.
pub fn code_of_promotion(tenant: Tenant, id: PromotionId, code: &str) -> Key {
    Key::state(codes_of_promotion(tenant, id), code)
}

/// When a promotion last got single-use codes.
pub fn promotion_batch(tenant: Tenant, id: PromotionId) -> Key {
    Key::state(format!("{tenant}/promotions/batch/{id}"), "last")
}

/// The partition that holds the counters of a promotion. Not the promotion's own: orders that count and staff who
/// change it don't meet.
pub fn promotion_tallies(tenant: Tenant, id: PromotionId) -> String {
    format!("{tenant}/promotions/tally/{id}")
}

/// One of the counters of a promotion.
pub fn promotion_tally(tenant: Tenant, id: PromotionId, part: u8) -> Key {
    Key::state(promotion_tallies(tenant, id), format!("{part:02}"))
}

/// How often a shopper used a promotion.
pub fn promotion_uses_of(tenant: Tenant, id: PromotionId, shopper: &str) -> Key {
    Key::state(format!("{tenant}/promotions/uses/{id}/{shopper}"), "uses")
}

/// The mark that a shopper had what there is for a first order.
pub fn first_order(tenant: Tenant, shopper: &str) -> Key {
    Key::state(format!("{tenant}/promotions/first-order/{shopper}"), "mark")
}

/// What an order took of promotions.
pub fn promotion_claims(tenant: Tenant, order: OrderId) -> Key {
    Key::state(format!("{tenant}/promotions/claims/{order}"), "claims")
}
