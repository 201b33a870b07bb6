//! Keeps how far audit logs go where they can't be rewritten.

use souk::{
    audit, identity,
    runtime::{App, Function, InvocationError, schedule},
    store::StoreError,
    tenant::{Mode, Tenant},
};

/// The function.
pub fn function() -> Function {
    schedule("anchor-audit", anchor_all)
}

/// Goes through all stores. Fails once it is through, if an audit log is not what it was: that rings.
async fn anchor_all(app: App) -> Result<(), InvocationError> {
    let failed = |error: StoreError| InvocationError::new("NotAnchored", error);
    let mut broken = Vec::new();
    let mut from = None;
    loop {
        let page = identity::stores(&app, from.as_deref()).await.map_err(failed)?;
        for store in page.items {
            for mode in [Mode::Test, Mode::Live] {
                let tenant = Tenant::of_own_record(store, mode);
                if let Err(place) = audit::anchor(&app, tenant).await.map_err(failed)? {
                    broken.push(format!("{tenant}: {place}"));
                }
            }
        }
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    if broken.is_empty() { Ok(()) } else { Err(InvocationError::new("AuditLogBroken", broken.join("; "))) }
}
