//! Promotions: what takes off a price, for whom, and how often.
//!
//! [`evaluate`] is pure: a basket and the promotions that may apply lead to what each line, and shipping, is spared.
//! What must not be passed under load, such as a limit of uses or a budget, is asked there and **taken** with the
//! order, by conditional writes in the same transaction. `docs/promotions.md` states the rules.

mod action;
mod engine;
mod model;
mod rules;

pub use action::{Action, Tier};
pub use engine::{Candidate, Evaluation, Gift, Reason, RefusedCode, Usage, evaluate};
pub use model::{Limits, Promotion, PromotionStatus, Stacking, Tally, Trigger};
pub use rules::{AtLeast, ExclusionGroup, Rules, Selection};
