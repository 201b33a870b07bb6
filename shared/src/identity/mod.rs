//! Stores, and who gets into them: by a key, by a log-in, by another issuer's token.

mod client;
pub mod external;
mod granting;
mod identify;
mod key;
mod profile;
mod provision;
mod registry;
pub mod rights;
mod settings;

pub use client::ClientRights;
pub use granting::{check_grant, may_grant};
pub use identify::{identify, of_claims};
pub use key::{ApiKey, KeyKind, issue};
pub use profile::{Location, StoreProfile, StorefrontUrl};
pub use provision::{NewStore, Provisioned, ProvisionedKeys, provision};
pub use registry::stores;
pub use settings::{ChangeStore, StoreView, change_store};
