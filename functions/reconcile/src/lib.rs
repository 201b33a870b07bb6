//! Holds the books against what payment providers say, and carries their balances forward.

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
        async move {
            let compared =
                ledger::reconcile(&app, tenant).await.map(drop).map_err(|failure| failure.to_string());
            // Of a store whose books nobody reads, too, the next reader finds little to sum.
            let carried = ledger::carry_forward(&app, tenant).await.map_err(|error| error.to_string());
            compared.and(carried)
        }
    })
    .await
}
