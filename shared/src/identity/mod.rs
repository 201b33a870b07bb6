//! Stores and the keys that open them.

mod key;
mod profile;
mod provision;
mod registry;

pub use key::{ApiKey, KeyKind, identify, issue};
pub use profile::{Location, StoreProfile};
pub use provision::{NewStore, Provisioned, ProvisionedKeys, provision};
pub use registry::stores;
