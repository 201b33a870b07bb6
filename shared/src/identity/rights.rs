//! What somebody may do, now.

use std::collections::BTreeSet;

use crate::{
    principal::{Scope, Who},
    runtime::App,
    staff,
    store::StoreError,
    tenant::Tenant,
};

/// What `who` may do at most; nothing where there is nobody of that id any more.
///
/// # Errors
/// [`StoreError`].
pub async fn of(app: &App, tenant: Tenant, who: Who) -> Result<Option<BTreeSet<Scope>>, StoreError> {
    Ok(match who {
        Who::Customer(_) => Some(Scope::CUSTOMER.into()),
        Who::Staff(id) => staff::scopes(app, tenant, id).await?,
        Who::Client(id) => super::client::scopes(app, tenant, id).await?,
        // A key is no subject of a token.
        Who::Key(_) => None,
    })
}

/// As [`of`], of keys as well: what whoever acted once may do now.
///
/// # Errors
/// [`StoreError`].
pub async fn of_anybody(app: &App, tenant: Tenant, who: Who) -> Result<Option<BTreeSet<Scope>>, StoreError> {
    match who {
        Who::Key(id) => super::api_key::scopes(app, tenant, id).await,
        who => of(app, tenant, who).await,
    }
}
