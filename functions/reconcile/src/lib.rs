//! Holds the books against what payment providers say.

use souk::{
    identity, ledger,
    runtime::{App, Function, InvocationError, schedule},
    store::StoreError,
    tenant::{Mode, Tenant},
};

/// The function.
pub fn function() -> Function {
    schedule("reconcile", reconcile_all)
}

/// Goes through all stores. What fails in one keeps no other from its turn; the run fails once it is through.
async fn reconcile_all(app: App) -> Result<(), InvocationError> {
    let unread = |error: StoreError| InvocationError::new("StoresUnread", error);
    let (mut failed, mut from) = (Vec::new(), None);
    loop {
        let page = identity::stores(&app, from.as_deref()).await.map_err(unread)?;
        for store in page.items {
            for mode in [Mode::Test, Mode::Live] {
                let tenant = Tenant::of_own_record(store, mode);
                if let Err(failure) = ledger::reconcile(&app, tenant).await {
                    failed.push(format!("{tenant}: {failure}"));
                }
            }
        }
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(InvocationError::new("NotReconciled", failed.join("; "))) }
}
