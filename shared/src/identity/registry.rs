//! The list of all stores.

use serde::{Deserialize, Serialize};

use crate::{
    id::StoreId,
    runtime::{App, InvocationError},
    store::{Page, Query, StoreError, Write, keys},
    tenant::{Mode, Tenant},
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

/// Does `what` for every store, in both its modes, one after the other. What fails for one keeps no other from its turn;
/// all of it fails with `code` once it is through.
///
/// # Errors
/// [`InvocationError`] that names whom it failed for, and why.
pub async fn for_each_tenant<F: Future<Output = Result<(), String>>>(
    app: &App,
    code: &'static str,
    what: impl Fn(Tenant) -> F,
) -> Result<(), InvocationError> {
    let unread = |error: StoreError| InvocationError::new("StoresUnread", error);
    let (mut failed, mut from) = (Vec::new(), None);
    loop {
        let page = stores(app, from.as_deref()).await.map_err(unread)?;
        for store in page.items {
            for mode in [Mode::Test, Mode::Live] {
                let tenant = Tenant::of_own_record(store, mode);
                if let Err(reason) = what(tenant).await {
                    failed.push(format!("{tenant}: {reason}"));
                }
            }
        }
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(InvocationError::new(code, failed.join("; "))) }
}
