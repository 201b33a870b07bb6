//! The list of all stores.

use serde::{Deserialize, Serialize};

use crate::{
    id::StoreId,
    runtime::App,
    store::{Page, Query, StoreError, Write, keys},
};

/// Stores that are read at once.
const AT_ONCE: usize = 100;

#[derive(Debug, Serialize, Deserialize)]
struct Listed {
    store: StoreId,
}

/// The write that puts a new store on the list.
pub(super) fn list(store: StoreId) -> Result<Write, StoreError> {
    Write::create("store", keys::store(store), &Listed { store })
}

/// A page of all stores, which begins after `from`.
///
/// # Errors
/// [`StoreError`].
pub async fn stores(app: &App, from: Option<&[(String, String)]>) -> Result<Page<StoreId>, StoreError> {
    let page: Page<Listed> = Query::partition(keys::stores()).page(app, "store", AT_ONCE, from).await?;
    Ok(Page { items: page.items.into_iter().map(|listed| listed.store).collect(), next: page.next })
}
