//! Tells the gateway who is calling, from an API key or an access token.

use souk::{
    identity,
    runtime::{App, Function, InvocationError, Presented, authorizer},
};

/// The function.
pub fn function() -> Function {
    authorizer("authorizer", |app: App, presented: Presented| async move {
        let principal = identity::identify(&app, presented.authorization.as_deref(), &presented.issuer).await;
        principal.map_err(|error| InvocationError::new("KeysUnreadable", error))
    })
}
