//! Other people's identity: OpenID Connect issuers that a store trusts, such as Cognito, Auth0 or Keycloak.

mod cache;
mod discovery;
mod keys;
mod provider;
mod storage;
mod token;
mod verify;

pub use provider::{
    Audience, AudienceClaim, ChangeIdentityProvider, ClaimPath, IdentityProvider, Issuer,
    NewIdentityProvider, RoleMapping, SignatureAlgorithm, Subjects,
};
pub use storage::{change, create, get, list, remove, view};
pub use verify::identify;
