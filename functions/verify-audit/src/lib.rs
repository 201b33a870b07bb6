//! Says whether a store's audit log is what it was, to an operator who invokes it.

use serde::{Deserialize, Serialize};
use souk::{
    audit::{self, Broken, Report},
    id::StoreId,
    runtime::{App, Function, InvocationError, direct},
    tenant::{Mode, Tenant},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    store: StoreId,
    mode: Mode,
}

/// What was found: one of the two.
#[derive(Serialize)]
struct Found {
    #[serde(skip_serializing_if = "Option::is_none")]
    whole: Option<Report>,
    #[serde(skip_serializing_if = "Option::is_none")]
    broken: Option<Broken>,
}

/// The function.
pub fn function() -> Function {
    direct("verify-audit", verify)
}

async fn verify(app: App, which: Which) -> Result<Found, InvocationError> {
    let tenant = Tenant::of_operator(which.store, which.mode);
    let found = audit::verify(&app, tenant).await;
    Ok(match found.map_err(|error| InvocationError::new("NotVerified", error))? {
        Ok(whole) => Found { whole: Some(whole), broken: None },
        Err(broken) => Found { whole: None, broken: Some(broken) },
    })
}
