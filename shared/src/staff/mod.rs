//! Those who work for a store, and what they may do.

mod member;
mod role;

pub use member::{Member, role_scopes, scopes};
pub use role::Role;
