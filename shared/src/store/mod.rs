//! DynamoDB, as Souk uses it: three tables, keys that name their tenant, writes with conditions.

mod error;
pub mod keys;
mod page;
mod read;
mod write;

pub use error::StoreError;
pub(crate) use error::unquoted;
pub use keys::{Index, Key, Table};
pub use page::{Page, Query};
pub use read::{get, get_many, query_all};
pub use write::{Write, WriteError, commit};

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

/// An item as DynamoDB has it.
pub type Item = HashMap<String, AttributeValue>;
