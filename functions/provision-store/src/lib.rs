//! Creates a store and its first keys, for an operator who invokes it.

use souk::{
    identity::{self, NewStore, Provisioned},
    runtime::{App, Function, InvocationError, direct},
};

/// The function.
pub fn function() -> Function {
    direct("provision-store", provision)
}

async fn provision(app: App, new: NewStore) -> Result<Provisioned, InvocationError> {
    let provisioned = identity::provision(&app, new, None, None).await;
    provisioned.map_err(|error| InvocationError::new("NotProvisioned", error))
}
