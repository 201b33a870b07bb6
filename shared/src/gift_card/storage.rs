//! Where gift cards and their changes are kept.

use serde::{Deserialize, Serialize};

use super::{
    change::{self, Happened},
    code::GiftCode,
    model::GiftCard,
};
use crate::{
    event::Commit,
    id::GiftCardId,
    pricing::TenderKind,
    runtime::App,
    store::{self, StoreError, Table, keys},
    tenant::Tenant,
};

/// Which card has a code, or a place in the list.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Pointer {
    pub(super) card: GiftCardId,
}

/// The gift card `id`.
///
/// # Errors
/// [`StoreError`].
pub async fn load(app: &App, tenant: Tenant, id: GiftCardId) -> Result<Option<GiftCard>, StoreError> {
    store::get(app, "gift card", &keys::gift_card(tenant, id)).await
}

/// The gift card with this code, usable or not.
///
/// # Errors
/// [`StoreError`].
pub async fn by_code(app: &App, tenant: Tenant, code: &GiftCode) -> Result<Option<GiftCard>, StoreError> {
    let hash = code.hash(app, tenant).await?;
    let found: Option<Pointer> = store::get(app, "gift card", &keys::gift_card_code(tenant, &hash)).await?;
    match found {
        Some(found) => load(app, tenant, found.card).await,
        None => Ok(None),
    }
}

/// All that changed the balance of `of`, oldest first.
///
/// # Errors
/// [`StoreError`].
pub async fn changes(app: &App, tenant: Tenant, of: &TenderKind) -> Result<Vec<Commit>, StoreError> {
    let mut found: Vec<Commit> =
        store::query_all(app, "balance change", Table::Events, &change::partition(tenant, of)).await?;
    found.sort_by_key(|commit| commit.at);
    Ok(found)
}

/// What `happened` to `of` for `cause`.
///
/// # Errors
/// [`StoreError`].
pub async fn change_of(
    app: &App,
    tenant: Tenant,
    of: &TenderKind,
    happened: Happened,
    cause: &str,
) -> Result<Option<Commit>, StoreError> {
    store::get(app, "balance change", &change::key(tenant, of, happened, cause)).await
}
