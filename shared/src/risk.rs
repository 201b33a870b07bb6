//! Whether an order needs a person's eye before it is charged.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{identity::StoreProfile, money::Money, payment::Method};

/// How risky an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RiskOutcome {
    /// Go on.
    Allow,
    /// A person decides.
    Review,
}

/// What comes of the risk of an order of `total`, and why. Pure: the same order has the same risk.
pub fn assess(
    total: Money,
    method: Option<&Method>,
    store: Option<&StoreProfile>,
) -> (RiskOutcome, Vec<String>) {
    let mut reasons = Vec::new();
    let limit = store.and_then(|store| store.review_above);
    if limit.is_some_and(|limit| limit.currency() == total.currency() && total.amount() > limit.amount()) {
        reasons.push("amount_above_limit".to_owned());
    }
    // Stripe's test method whose name says that the card networks rate it as risky.
    if method.is_some_and(|method| method.as_str() == "pm_card_riskLevelElevated") {
        reasons.push("provider_risk_elevated".to_owned());
    }
    let outcome = if reasons.is_empty() { RiskOutcome::Allow } else { RiskOutcome::Review };
    (outcome, reasons)
}
