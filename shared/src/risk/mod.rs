//! Whether an order needs a person's eye before it is charged, or is not charged at all.
//!
//! `traits` says what is noted of an order when it is placed, `rules` what a store makes of it, `assess` what comes of
//! both. Those are pure. `velocity` counts how often somebody ordered lately.

mod assess;
mod disposable;
mod rules;
mod traits;
mod velocity;

pub use assess::{Assessment, Facts, RiskOutcome, assess};
pub use disposable::is_disposable;
pub use rules::{RiskRule, RiskRules};
pub use traits::Traits;
pub use velocity::{Counts, NotedOrders, Velocity, count, forget, noted_of};
