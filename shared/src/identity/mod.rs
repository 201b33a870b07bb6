//! Stores and the keys that open them.

pub mod api_key;
mod client;
pub mod grant;
mod identify;
mod profile;
mod provision;
pub mod rights;

pub use api_key::{ApiKey, KeyKind};
pub use client::ClientRights;
pub use identify::{identify, of_claims};
pub use profile::{Location, SecondFactorRule, StoreProfile};
pub use provision::{FirstOwner, NewStore, ProvisionError, Provisioned, ProvisionedKeys, provision};
