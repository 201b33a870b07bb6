//! Shipping zones and their methods.

use serde::Deserialize;
use souk::{
    audit::Action,
    http::{Call, Keys, Limit, List, Nothing, Problem, Reply, Routes, delete, get, patch, post},
    principal::Scope,
    runtime::{App, Function},
    shipping::{self, ChangeZone, NewZone, Zone},
};
use utoipa::IntoParams;

/// What to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ListZones {
    /// How many at the most.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Limit,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The function.
pub fn function() -> Function {
    let (reads, writes) = (Scope::SettingsRead, Scope::SettingsWrite);
    Routes::new()
        .on(get("/v1/shipping/zones", "List shipping zones").needs(reads), list)
        .on(
            post("/v1/shipping/zones", "Create a shipping zone")
                .needs(writes)
                .audited(Action::ShippingZoneCreated)
                .answers(&[201]),
            |app: App, call: Call<NewZone>| async move { shipping::create(&app, &call).await },
        )
        .on(get("/v1/shipping/zones/{id}", "Read a shipping zone").needs(reads).answers(&[200, 304]), read)
        .on(
            patch("/v1/shipping/zones/{id}", "Change a shipping zone and its methods")
                .needs(writes)
                .audited(Action::ShippingZoneUpdated),
            |app: App, call: Call<ChangeZone>| async move { shipping::change(&app, &call).await },
        )
        .on(
            delete("/v1/shipping/zones/{id}", "Remove a shipping zone")
                .needs(writes)
                .audited(Action::ShippingZoneRemoved)
                .idempotency(Keys::Ignored)
                .answers(&[204]),
            |app: App, call: Call| async move { shipping::remove(&app, &call).await },
        )
        .function("shipping")
}

async fn list(app: App, call: Call<Nothing, ListZones>) -> Result<Reply<List<Zone>>, Problem> {
    let from = call.position(&app, call.query.cursor.as_deref(), "").await?;
    let page = shipping::list(&app, call.tenant()?, call.query.limit.get(), from.as_deref()).await?;
    Ok(Reply::ok(call.list(&app, page, "").await?))
}

async fn read(app: App, call: Call) -> Result<Reply<Zone>, Problem> {
    let found = shipping::get(&app, call.tenant()?, call.path("id")?).await?;
    Ok(shipping::view(&found.ok_or_else(Problem::not_found)?))
}
