//! The authorization server for integrations of a store: OAuth 2.1.
//!
//! An integration is registered by the store ([`client`]). It gets its tokens for itself, or for a member of the staff who
//! logs in and agrees on the pages ([`pages`]). What it was granted is a [`session`](crate::session) with a client.

mod authenticate;
pub mod client;
mod code;
mod fields;
mod introspect;
mod metadata;
pub mod pages;
mod pkce;
mod redirect;
mod refusal;
mod revoke;
mod scopes;
mod token;

pub use introspect::{Introspection, introspect};
pub use metadata::{jwks, metadata};
pub use redirect::RedirectUri;
pub use refusal::{Failure, Refusal, Why, answered};
pub use revoke::revoke;
pub use token::{TokenAnswer, TokenForm, token};
