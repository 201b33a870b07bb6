//! No order is forgotten: while one has work to do, a note says so, in an index by the time at which somebody should
//! look. Messages make orders advance quickly; the notes make them advance surely, if every message is lost.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::saga::{Nudge, send};
use crate::{
    id::OrderId,
    runtime::{App, InvocationError},
    store::{self, StoreError, Write, WriteError, keys},
    tenant::Tenant,
};

/// How long messages have to move an order before the sweeper looks after it.
pub(super) const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// How long who placed an order has to carry it through its payment, which they break off sooner.
pub(super) const PATIENCE_WITH_CARRIERS: SignedDuration = SignedDuration::from_secs(30);

/// The longest time between two looks at an order that does not move.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(10);

#[derive(Debug, Serialize, Deserialize)]
struct Work {
    due_shard: String,
    due_at: String,
    /// How many events the order had when the note was written.
    sequence: u32,
    /// How often the sweeper looked.
    looks: u32,
}

/// The write that notes that `order`, which has `sequence` events, has work to do. Look after it at `due`.
pub(super) fn note(
    tenant: Tenant,
    order: OrderId,
    sequence: u32,
    due: Timestamp,
) -> Result<Write, StoreError> {
    let shard = u64::try_from(order.bits() % u128::from(keys::DUE_SHARDS)).unwrap_or(0);
    let work = Work { due_shard: keys::due_shard(shard), due_at: store::due_at(due), sequence, looks: 0 };
    Write::put("work", keys::work(tenant, order), &work)
}

/// Takes the note away: after `sequence` events the order has nothing to do. A newer note stays.
pub(super) async fn settle(
    app: &App,
    tenant: Tenant,
    order: OrderId,
    sequence: u32,
) -> Result<(), StoreError> {
    let delete = Write::delete(keys::work(tenant, order))
        .when("attribute_not_exists(pk) OR #sequence <= :seen")
        .name("#sequence", "sequence")
        .number(":seen", sequence);
    done(store::commit(app, vec![delete]).await)
}

/// Has the order, which has `sequence` events, looked at `due` and not before, unless something moves it. A newer note
/// stays: what it is about may not wait so long.
pub(super) async fn postpone(
    app: &App,
    tenant: Tenant,
    order: OrderId,
    sequence: u32,
    due: Timestamp,
) -> Result<(), StoreError> {
    let update = Write::update(keys::work(tenant, order), "SET due_at = :due")
        .when("attribute_exists(pk) AND #sequence <= :seen")
        .name("#sequence", "sequence")
        .number(":seen", sequence)
        .text(":due", store::due_at(due));
    done(store::commit(app, vec![update]).await)
}

/// A refused condition means that somebody else saw to it.
fn done(outcome: Result<(), WriteError>) -> Result<(), StoreError> {
    match outcome {
        Ok(()) | Err(WriteError::Refused(_)) => Ok(()),
        Err(WriteError::Store(error)) => Err(error),
    }
}

/// Nudges an order whose work is overdue, through the queue that the saga works off, and looks again later.
///
/// # Errors
/// [`InvocationError`] where storage or the queue fails; the next sweep goes on.
pub async fn look_after(
    app: &App,
    queue_url: &str,
    tenant: Tenant,
    order: OrderId,
) -> Result<(), InvocationError> {
    let failed = |error: &dyn std::fmt::Display| InvocationError::new("SweepFailed", error);
    send(app, queue_url, &Nudge::overdue(tenant, order)).await.map_err(|error| failed(&error))?;
    look_again(app, tenant, order, app.now()).await.map_err(|error| failed(&error))
}

/// Moves the note to the next look: after a minute, then two, four, at most [`LONGEST_PAUSE`].
async fn look_again(app: &App, tenant: Tenant, order: OrderId, now: Timestamp) -> Result<(), StoreError> {
    let work: Option<Work> = store::get(app, "work", &keys::work(tenant, order)).await?;
    let Some(work) = work else {
        return Ok(());
    };
    let pause = (PATIENCE * (1 << work.looks.min(10))).min(LONGEST_PAUSE);
    let update = Write::update(keys::work(tenant, order), "SET due_at = :due ADD looks :one")
        .when("due_at = :before")
        .text(":due", store::due_at(now + pause))
        .text(":before", work.due_at)
        .value(":one", AttributeValue::N("1".to_owned()));
    done(store::commit(app, vec![update]).await)
}
