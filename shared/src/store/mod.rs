//! DynamoDB, as Souk uses it: three tables, keys that name their tenant, writes with conditions.

mod edition;
mod error;
pub mod keys;
mod packed;
mod page;
mod read;
mod write;

pub use edition::Edition;
pub use error::StoreError;
pub(crate) use error::unquoted;
pub use keys::{Index, Key, Table};
pub use packed::{Bytes, pack, unpack};
pub use page::{Page, Query};
pub use read::{Found, get, get_many, look_up, query_all};
pub(crate) use write::pause;
pub use write::{Write, WriteError, commit};

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

/// A time in the index of due work, which sorts as text.
pub fn due_at(at: jiff::Timestamp) -> String {
    format!("{at:.3}")
}

/// An item as DynamoDB has it.
pub type Item = HashMap<String, AttributeValue>;
