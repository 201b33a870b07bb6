//! Drafts: orders that staff draw up for a shopper, with prices of their own where they say so, and turn into orders.
//!
//! A draft holds a cart of its own, which no shopper has. It is priced, and becomes an order, exactly as theirs do.

mod complete;
mod link;
mod model;
mod storage;
mod view;

pub use complete::{CompleteDraft, PayByLink, complete, pay};
pub use link::{PaymentLink, PaymentToken, ReadLink, invite, read};
pub use model::{ChangeDraft, Draft, DraftLine, NewDraft};
pub use storage::{ListDrafts, all_of, change, create, current, delete, list, removal};
pub use view::{DraftLineView, DraftSummary, DraftView, SharedDraft};
