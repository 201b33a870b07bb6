//! Anchors: how far a chain went at a time, kept where whoever writes the chain can't write.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Broken, Entry, Fault, Head, Report, Verifier, log};
use crate::{
    runtime::App,
    store::{self, Page, Query, StoreError, Table, Write, WriteError, keys},
    tenant::Tenant,
};

/// Entries that are read at once.
const AT_ONCE: usize = 500;

/// A chain's head, as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// How far the chain went.
    #[serde(flatten)]
    pub head: Head,
    /// When it was looked at.
    pub anchored_at: Timestamp,
}

/// Anchors the chain of `tenant`, if it goes on from its last anchor without a break. `Err` within says where it breaks;
/// such a chain gets no new anchor.
///
/// # Errors
/// The outer one, where storage fails.
pub async fn anchor(app: &App, tenant: Tenant) -> Result<Result<(), Broken>, StoreError> {
    let newest = Query::table(Table::Anchors, keys::anchors(tenant)).newest_first().strongly();
    let newest: Page<Anchor> = newest.page(app, "anchor", 1, None).await?;
    let last = newest.items.first().map_or(Head::START, |anchor| anchor.head);
    let mut verifier = Verifier::after(tenant, last);
    if last.seq > 0 {
        let there: Option<Entry> =
            store::get(app, "audit entry", &keys::audit_entry(tenant, last.seq)).await?;
        let fault = match &there {
            None => Some(Fault::Missing),
            Some(entry) if entry.hash != last.hash => Some(Fault::Rewritten),
            Some(entry) if entry.hash != entry.computed_hash() => Some(Fault::Altered),
            Some(_) => None,
        };
        if let Some(fault) = fault {
            return Ok(Err(Broken { seq: last.seq, id: there.map(|entry| entry.id), fault }));
        }
    }
    if let Err(broken) = follow(app, tenant, &mut verifier, last.seq).await? {
        return Ok(Err(broken));
    }
    let head = verifier.head();
    if head.seq == last.seq {
        return Ok(Ok(()));
    }
    let anchor = Anchor { head, anchored_at: app.now() };
    let write = Write::create("anchor", keys::anchor(tenant, head.seq), &anchor)?;
    match store::commit(app, vec![write]).await {
        // Another run was there first.
        Ok(()) | Err(WriteError::Refused(_)) => Ok(Ok(())),
        Err(WriteError::Store(error)) => Err(error),
    }
}

/// Follows the whole chain of `tenant`, and holds it against its anchors. `Err` within says where it breaks.
///
/// # Errors
/// The outer one, where storage fails.
pub async fn verify(app: &App, tenant: Tenant) -> Result<Result<Report, Broken>, StoreError> {
    let anchors: Vec<Anchor> =
        store::query_all(app, "anchor", Table::Anchors, &keys::anchors(tenant)).await?;
    let heads = anchors.into_iter().map(|anchor| anchor.head);
    let mut verifier = Verifier::new(Some(tenant)).knowing(heads);
    Ok(match follow(app, tenant, &mut verifier, 0).await? {
        Ok(()) => verifier.finish(),
        Err(broken) => Err(broken),
    })
}

/// Feeds `verifier` all entries after the first `seq` ones.
async fn follow(
    app: &App,
    tenant: Tenant,
    verifier: &mut Verifier,
    mut seq: u64,
) -> Result<Result<(), Broken>, StoreError> {
    let mut at_once = AT_ONCE;
    loop {
        let entries = match log::tail(app, tenant, seq, at_once).await {
            Err(StoreError::Unreadable { .. }) if at_once == 1 => return Ok(Err(verifier.unreadable())),
            // One of them: which, is told by reading them one by one.
            Err(StoreError::Unreadable { .. }) => {
                at_once = 1;
                continue;
            }
            entries => entries?,
        };
        for entry in &entries {
            if let Err(broken) = verifier.next(entry) {
                return Ok(Err(broken));
            }
        }
        if entries.is_empty() {
            return Ok(Ok(()));
        }
        seq = verifier.head().seq;
    }
}
