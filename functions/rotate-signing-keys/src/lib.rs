//! Gives the signatures of access tokens a new key now and then.

use souk::{
    runtime::{App, Function, schedule},
    token,
};

/// The function.
pub fn function() -> Function {
    schedule("rotate-signing-keys", |app: App| async move {
        let rotation = token::rotate(&app).await?;
        tracing::info!(?rotation, "signing keys");
        Ok(())
    })
}
