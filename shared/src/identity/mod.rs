//! Stores, and who gets into them: by a key, by a log-in, by another issuer's token.

pub mod api_key;
mod client;
pub mod external;
pub mod grant;
mod identify;
mod profile;
mod provision;
mod registry;
mod retention;
pub mod rights;
mod settings;

pub use api_key::{ApiKey, KeyKind};
pub use client::ClientRights;
pub use identify::{identify, of_claims};
pub use profile::{Location, SecondFactorRule, StoreProfile, StorefrontUrl};
pub use provision::{FirstOwner, NewStore, ProvisionError, Provisioned, ProvisionedKeys, provision};
pub use registry::{for_each_tenant, stores};
pub use retention::{Days, Retention};
pub use settings::{ChangeStore, StoreView, change_store};
