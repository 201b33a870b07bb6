//! API keys: made once, shown once, stored as a hash.
//!
//! A key is two items: one found by the hash of its secret, which every request reads, and one in the store's list,
//! which people see and which says by its version what may change. While a key is being rolled it has two secrets.

mod find;
mod manage;
mod model;
mod view;

pub(super) use find::holder;
pub use manage::{change, create, issue, list, read, revoke, roll, scopes};
pub use model::{ApiKey, ChangeKey, KeyKind, NewKey, Overlap, RollKey};
pub use view::{ApiKeyView, IssuedKey, ListKeys};
