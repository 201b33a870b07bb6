//! Nothing is forgotten: what somebody has to look at carries the time, in an index that belongs to no store. Messages
//! and streams do the work quickly; the index makes sure of it, if every one of them is lost.

use jiff::SignedDuration;
use serde::Deserialize;

use crate::{
    audit, gift_card, order,
    runtime::{App, InvocationError, Metric, Unit},
    store::{self, Index, Query, keys},
};

/// The place of an item in the index.
#[derive(Debug, Deserialize)]
struct Due {
    pk: String,
    sk: String,
}

/// Sees to everything that is overdue: orders are nudged through `queue_url`, notes for the audit log are sent through
/// the stream once more, gift cards whose time has come lose what is left on them. Answers how many orders were nudged.
///
/// # Errors
/// [`InvocationError`] where the index, the table or the queue fails; the next sweep goes on.
pub async fn sweep(app: &App, queue_url: &str) -> Result<usize, InvocationError> {
    let failed = |error: store::StoreError| InvocationError::new("SweepFailed", error);
    let now = app.now();
    let (mut orders, mut notes, mut oldest) = (0, 0, SignedDuration::ZERO);
    for shard in 0..keys::DUE_SHARDS {
        let overdue = Query::index(Index::Due, keys::due_shard(shard)).at_most(store::due_at(now));
        let page = overdue.page::<Due>(app, "due", 100, None).await.map_err(failed)?;
        for due in page.items {
            if let Some((tenant, order, summary)) = keys::summary_of_order(&due.pk, &due.sk) {
                if order::look_after(app, queue_url, tenant, order, summary).await? {
                    oldest = oldest.max(now.duration_since(order.time()));
                    orders += 1;
                }
            } else if let Some(note) = keys::note_of_audit(&due.pk) {
                audit::remind(app, note).await.map_err(failed)?;
                notes += 1;
            } else if let Some((tenant, card)) = keys::gift_card_of(&due.pk) {
                gift_card::expire(app, tenant, card).await.map_err(failed)?;
            } else {
                tracing::error!(key = %due.pk, "the index of due work holds what is no work");
            }
        }
    }
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    Metric::new("OrdersOverdue", Unit::Count, count(orders)).emit(app);
    Metric::new("OldestOverdueOrder", Unit::Seconds, oldest.as_secs()).emit(app);
    Metric::new("AuditNotesOverdue", Unit::Count, count(notes)).emit(app);
    Ok(orders)
}
