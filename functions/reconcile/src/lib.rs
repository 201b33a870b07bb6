//! Holds the books against what payment providers say.

use souk::{
    identity, ledger,
    runtime::{App, Function, InvocationError, schedule},
};

/// The function.
pub fn function() -> Function {
    schedule("reconcile", reconcile_all)
}

async fn reconcile_all(app: App) -> Result<(), InvocationError> {
    identity::for_each_tenant(&app, "NotReconciled", |tenant| {
        let app = app.clone();
        async move { ledger::reconcile(&app, tenant).await.map(drop).map_err(|failure| failure.to_string()) }
    })
    .await
}
