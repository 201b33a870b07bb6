//! What is known of people, at rest: sealed under a key of each one's own.
//!
//! A subject's key lies in a table of its own, wrapped by the key of the store, which the deployment's KMS key wraps. Whoever destroys that one item has
//! erased the subject from every table, stream and backup that holds something sealed for it. See
//! `docs/decisions/a-key-per-person.md`.

mod cipher;
mod data_key;
mod kms;
mod lookup;
mod opened;
mod sealed;
mod store_key;
mod subject;

pub(crate) use cipher::Cipher;
pub use data_key::{VaultError, destroy, knows};
pub use lookup::{EmailHash, email_hash, keyed_hash};
pub use opened::{Opened, open, seal};
pub use sealed::{Kept, Sealed};
pub use store_key::make_store_key;
pub use subject::Subject;
