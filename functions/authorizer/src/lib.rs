//! Tells the gateway who is calling, from the API key.

use souk::{
    identity,
    runtime::{App, Function, InvocationError, authorizer},
};

/// The function.
pub fn function() -> Function {
    authorizer("authorizer", |app: App, header: Option<String>| async move {
        let principal = identity::identify(&app, header.as_deref()).await;
        principal.map_err(|error| InvocationError::new("KeysUnreadable", error))
    })
}
