//! Erases whom stores have no reason left to know, and finishes erasures that were begun.

use souk::{
    http::Problem,
    identity, privacy,
    runtime::{App, Function, InvocationError, schedule},
};

/// The function.
pub fn function() -> Function {
    schedule("enforce-retention", enforce_all)
}

async fn enforce_all(app: App) -> Result<(), InvocationError> {
    identity::for_each_tenant(&app, "NotEnforced", |tenant| {
        let app = app.clone();
        async move {
            privacy::enforce(&app, tenant).await.map(drop).map_err(|problem| reason(&problem).to_owned())
        }
    })
    .await
}

fn reason(problem: &Problem) -> &str {
    problem.log().unwrap_or(problem.code().as_str())
}
