//! Stores and the keys that open them.

mod client;
mod granting;
mod identify;
mod key;
mod profile;
mod provision;
pub mod rights;

pub use client::ClientRights;
pub use granting::{check_grant, may_grant};
pub use identify::{identify, of_claims};
pub use key::{ApiKey, KeyKind, issue};
pub use profile::{Location, StoreProfile};
pub use provision::{NewStore, Provisioned, ProvisionedKeys, provision};
