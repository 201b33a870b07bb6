//! How much of its catalog's quota a store uses: two counters, changed in the transaction of what they count.

use super::{Quotas, StoreLimits};
use crate::{
    http::{Code, Problem},
    runtime::App,
    store::{StoreError, Write, keys},
    tenant::Tenant,
};

/// By how much the counters change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Products for sale.
    pub products: i64,
    /// Bytes of the catalog.
    pub bytes: i64,
}

/// The write that counts `change`, on condition that the store's quotas leave room; nothing where nothing changes.
/// Where it is refused, the problem is [`exceeded`].
///
/// # Errors
/// 403, where the change alone is more than the quota.
pub async fn counted(app: &App, tenant: Tenant, change: Change) -> Result<Option<Write>, Problem> {
    if change == Change::default() {
        return Ok(None);
    }
    let quotas = quotas(app, tenant).await?;
    let mut write =
        Write::update(keys::usage(tenant), "SET #kind = :kind ADD products :products, bytes :bytes")
            .name("#kind", "kind")
            .text(":kind", "usage")
            .number(":products", change.products)
            .number(":bytes", change.bytes);
    let bounds = [
        ("products", quotas.products.map(i64::from), change.products),
        ("bytes", quotas.storage_bytes.map(|most| i64::try_from(most).unwrap_or(i64::MAX)), change.bytes),
    ];
    for (counter, most, more) in bounds {
        // What makes room is never refused, however much is used.
        let (Some(most), true) = (most, more > 0) else { continue };
        let room = most - more;
        if room < 0 {
            return Err(exceeded());
        }
        let condition = format!("attribute_not_exists({counter}) OR {counter} <= :room_{counter}");
        write = write.when(condition).number(format!(":room_{counter}"), room);
    }
    Ok(Some(write))
}

async fn quotas(app: &App, tenant: Tenant) -> Result<Quotas, StoreError> {
    Ok(StoreLimits::of(app, tenant, app.now().as_millisecond()).await?.quotas())
}

/// 403, not 429: waiting does not help, only less or a larger quota does.
pub fn exceeded() -> Problem {
    Problem::new(
        Code::QuotaExceeded,
        "The store's quota leaves no room for this. Archive something, or ask for more.",
    )
}
