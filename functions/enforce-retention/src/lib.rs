//! Erases whom stores have no reason left to know, and finishes erasures that were begun.

use souk::{
    http::Problem,
    identity, privacy,
    runtime::{App, Function, InvocationError, schedule},
    store::StoreError,
    tenant::{Mode, Tenant},
};

/// The function.
pub fn function() -> Function {
    schedule("enforce-retention", enforce_all)
}

/// Goes through all stores. What fails in one keeps no other from its turn; the run fails once it is through.
async fn enforce_all(app: App) -> Result<(), InvocationError> {
    let unread = |error: StoreError| InvocationError::new("StoresUnread", error);
    let (mut failed, mut from) = (Vec::new(), None);
    loop {
        let page = identity::stores(&app, from.as_deref()).await.map_err(unread)?;
        for store in page.items {
            for mode in [Mode::Test, Mode::Live] {
                let tenant = Tenant::of_own_record(store, mode);
                if let Err(problem) = privacy::enforce(&app, tenant).await {
                    failed.push(format!("{tenant}: {}", reason(&problem)));
                }
            }
        }
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(InvocationError::new("NotEnforced", failed.join("; "))) }
}

fn reason(problem: &Problem) -> &str {
    problem.log().unwrap_or(problem.code().as_str())
}
