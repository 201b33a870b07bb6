//! The store itself: its name, its locations, its settings.

use souk::{
    audit::Action,
    http::{Call, Problem, Reply, Routes, get, patch},
    identity::{self, ChangeStore, StoreProfile, StoreView},
    payment,
    principal::Scope,
    runtime::{App, Function},
};

/// The function.
pub fn function() -> Function {
    Routes::new()
        .on(
            get("/v1/store", "Read the store's settings").needs(Scope::SettingsRead).answers(&[200, 304]),
            read,
        )
        .on(
            patch("/v1/store", "Change the store's settings")
                .needs(Scope::SettingsWrite)
                .audited(Action::SettingsUpdated),
            change,
        )
        .function("store")
}

async fn change(app: App, call: Call<ChangeStore>) -> Result<Reply<StoreView>, Problem> {
    if let Some(payments) = &call.body.payments {
        payment::check(&app, call.tenant()?, payments).await?;
    }
    identity::change_store(&app, &call).await
}

async fn read(app: App, call: Call) -> Result<Reply<StoreView>, Problem> {
    let tenant = call.tenant()?;
    Ok(StoreProfile::of(&app, tenant).await?.view(tenant))
}
