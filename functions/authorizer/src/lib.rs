//! Tells the gateway who is calling, from an API key or an access token.

use souk::{
    identity,
    runtime::{App, Asked, Function, InvocationError, authorizer},
};

/// The function.
pub fn function() -> Function {
    authorizer("authorizer", |app: App, asked: Asked| async move {
        let principal = identity::identify(&app, asked.authorization.as_deref(), &asked.issuer).await;
        principal.map_err(|error| InvocationError::new("KeysUnreadable", error))
    })
}
