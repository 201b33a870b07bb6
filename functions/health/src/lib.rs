//! Answers whether Souk is up, and its version.

use serde::Serialize;
use souk::{
    http::{Call, Problem, Reply, Routes, get},
    runtime::{App, Function},
};
use utoipa::ToSchema;

/// Whether Souk is up.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`: what is down does not answer.
    status: &'static str,
    /// The version that answers.
    version: &'static str,
}

/// The function.
pub fn function() -> Function {
    Routes::new().on(get("/health", "Tell whether Souk is up"), health).function("health")
}

async fn health(_: App, _: Call) -> Result<Reply<Health>, Problem> {
    Ok(Reply::ok(Health { status: "ok", version: env!("CARGO_PKG_VERSION") }))
}
