//! Integrations: OAuth clients, as far as every request looks at them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    id::{ClientId, StoreId},
    principal::Scope,
    runtime::App,
    store::{self, StoreError, keys},
    tenant::{Mode, Tenant},
};

/// What an integration was registered for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientRights {
    /// The store that registered it.
    pub store: StoreId,
    /// In which mode.
    pub mode: Mode,
    /// What it may do at most.
    pub scopes: BTreeSet<Scope>,
}

impl ClientRights {
    /// Whose integration it is.
    pub fn tenant(&self) -> Tenant {
        Tenant::of_own_record(self.store, self.mode)
    }
}

/// What an integration of `tenant` may do at most; nothing where it was removed.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn scopes(
    app: &App,
    tenant: Tenant,
    id: ClientId,
) -> Result<Option<BTreeSet<Scope>>, StoreError> {
    let client: Option<ClientRights> = store::get(app, "client", &keys::client(id)).await?;
    Ok(client.filter(|client| client.tenant() == tenant).map(|client| client.scopes))
}
