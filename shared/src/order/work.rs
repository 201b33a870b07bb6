//! No order is forgotten: while one has work to do, its summary says so, in an index by the time at which somebody should
//! look. Messages make orders advance quickly; the summaries make them advance surely, if every message is lost.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;

use super::{
    due::{Due, Pace},
    model::Order,
    saga::{Nudge, send},
};
use crate::{
    id::OrderId,
    runtime::{App, InvocationError},
    store::{self, Key, StoreError, Write, WriteError, keys},
    tenant::Tenant,
};

/// What a summary says of the work that its order has.
#[derive(Debug, Deserialize)]
struct Work {
    /// How many events the order had.
    version: u32,
    /// When to look at it.
    due_at: Option<String>,
    /// How often, while nothing moves it.
    pace: Option<Pace>,
}

/// The summary of `order`, which says when to look at it, where it has something to do.
pub(super) fn noted(write: Write, order: &Order) -> Result<Write, StoreError> {
    let Some(Due { at, pace }) = super::due::due(order) else { return Ok(write) };
    let pace = serde_dynamo::to_attribute_value(pace)
        .map_err(|error| StoreError::Unreadable { kind: "order-summary", reason: error.to_string() })?;
    let shard = u64::try_from(order.id.bits() % u128::from(keys::DUE_SHARDS)).unwrap_or(0);
    Ok(write
        .with("due_shard", AttributeValue::S(keys::due_shard(shard)))
        .with("due_at", AttributeValue::S(store::due_at(at)))
        .with("pace", pace))
}

/// Nudges an order whose work is overdue, as its `summary` says, through the queue that the saga works off, and looks
/// again later. Whether it was: the index may be a moment behind.
///
/// # Errors
/// [`InvocationError`] where storage or the queue fails; the next sweep goes on.
pub async fn look_after(
    app: &App,
    queue_url: &str,
    tenant: Tenant,
    order: OrderId,
    summary: Key,
) -> Result<bool, InvocationError> {
    let failed = |error: &dyn std::fmt::Display| InvocationError::new("SweepFailed", error);
    let now = app.now();
    let work: Option<Work> =
        store::get(app, "order summary", &summary).await.map_err(|error| failed(&error))?;
    let Some(Work { version, due_at: Some(due_at), pace: Some(pace) }) = work else { return Ok(false) };
    if due_at > store::due_at(now) {
        return Ok(false);
    }
    send(app, queue_url, &Nudge::overdue(tenant, order)).await.map_err(|error| failed(&error))?;
    // Not where something moved the order meanwhile: what its summary is about then may not wait so long.
    let later = Write::update(summary, "SET due_at = :later")
        .when("due_at = :due AND #version = :version")
        .name("#version", "version")
        .number(":version", version)
        .text(":due", due_at)
        .text(":later", store::due_at(pace.after(now)));
    match store::commit(app, vec![later]).await {
        // A refused condition means that somebody else saw to it.
        Ok(()) | Err(WriteError::Refused(_)) => Ok(true),
        Err(WriteError::Store(error)) => Err(failed(&error)),
    }
}
