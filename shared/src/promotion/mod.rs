//! Promotions: what takes off a price, for whom, and how often.
//!
//! [`evaluate`] is pure: a basket and the promotions that may apply lead to what each line, and shipping, is spared.
//! What must not be passed under load, such as a limit of uses or a budget, is asked there and **taken** with the
//! order, by conditional writes in the same transaction. `docs/promotions.md` states the rules.

mod action;
mod candidates;
mod claims;
mod codes;
mod engine;
mod input;
mod model;
mod rules;
mod shopper;
mod storage;
mod trail;
mod view;

pub use action::{Action, Tier};
pub use candidates::{MOST_AUTOMATIC, candidates};
pub use claims::{ClaimError, Claims, claims, release};
pub use codes::{CodeView, MadeCodes, NewCodes, list as list_codes, make as make_codes};
pub use engine::{Candidate, Evaluation, Gift, Reason, RefusedCode, Usage, evaluate};
pub use input::{ChangePromotion, NewPromotion};
pub use model::{Limits, Promotion, PromotionStatus, Stacking, Tally, Trigger};
pub use rules::{AtLeast, ExclusionGroup, Rules, Selection};
pub use shopper::Shopper;
pub use storage::{get, list, put, usage};
pub use trail::{CountedUses, PromotionTrail, PromotionUse, trail};
pub use view::{PromotionUsage, PromotionView};
