//! An order's events in the events table.

use jiff::Timestamp;

use super::{
    event::OrderEvent,
    model::{Order, evolve},
};
use crate::{
    event::{Cause, Commit, Recorded},
    http::Problem,
    id::{EventId, OrderId},
    principal::Principal,
    runtime::App,
    store::{self, Query, StoreError, Table, Write, keys},
    tenant::Tenant,
};

/// The order `id`, from all that happened to it, read strongly.
///
/// # Errors
/// [`StoreError`].
pub async fn load(app: &App, tenant: Tenant, id: OrderId) -> Result<Option<Order>, StoreError> {
    load_until(app, tenant, id, |_| false).await
}

/// As [`load`], the order as it was after the first commit by which it was `done`, if it ever was.
///
/// # Errors
/// [`StoreError`].
pub async fn load_until(
    app: &App,
    tenant: Tenant,
    id: OrderId,
    done: impl Fn(&Order) -> bool,
) -> Result<Option<Order>, StoreError> {
    let commits: Vec<Commit> =
        store::query_all(app, "order", Table::Events, &keys::order_events(tenant, id)).await?;
    let mut order = None;
    for commit in commits {
        for event in commit.events {
            let fact = OrderEvent::read(&event.kind, event.version, &event.data)
                .map_err(|reason| StoreError::Unreadable { kind: "order", reason })?;
            order = evolve(id, order, fact, commit.at);
        }
        if order.as_ref().is_some_and(&done) {
            break;
        }
    }
    Ok(order)
}

/// As [`load`], of an order of which somebody was told that it has `sequence` events: read from what may be a moment old,
/// and strongly only where that is older than what was told.
///
/// # Errors
/// [`StoreError`].
pub async fn load_as_told(
    app: &App,
    tenant: Tenant,
    id: OrderId,
    sequence: u32,
) -> Result<Option<Order>, StoreError> {
    match load(&app.showing(), tenant, id).await? {
        Some(order) if order.sequence >= sequence => Ok(Some(order)),
        _ => load(&app.deciding(), tenant, id).await,
    }
}

/// As [`load_for`], the order as it was after its first `version` events.
///
/// # Errors
/// 404 where there is no such order, or not so much has happened to it.
pub async fn load_version(
    app: &App,
    caller: &Principal,
    id: OrderId,
    version: u32,
) -> Result<Order, Problem> {
    let history = history(app, caller.tenant(), id).await?;
    let place = usize::try_from(version).unwrap_or(usize::MAX);
    let told = place.checked_sub(1).and_then(|place| history.into_iter().nth(place));
    let order = told.and_then(|told| evolve(id, told.before, told.event, told.at));
    order.filter(|order| caller.sees(order.placed.customer)).ok_or_else(Problem::not_found)
}

/// An event of an order, with the order as it was before.
#[derive(Clone, Debug)]
pub struct Told {
    /// Which event.
    pub id: EventId,
    /// The order before it; nothing where it is the first one.
    pub before: Option<Order>,
    /// What happened.
    pub event: OrderEvent,
    /// When.
    pub at: Timestamp,
    /// Its place among the order's events, from 1.
    pub sequence: u32,
}

impl Told {
    /// The order `id`, whose event it is, after it.
    pub fn after(&self, id: OrderId) -> Option<Order> {
        evolve(id, self.before.clone(), self.event.clone(), self.at)
    }
}

/// The event `event` of the order `id`.
///
/// # Errors
/// [`StoreError`].
pub async fn told(
    app: &App,
    tenant: Tenant,
    id: OrderId,
    event: EventId,
) -> Result<Option<Told>, StoreError> {
    Ok(history_to(app, tenant, id, event).await?.and_then(|mut history| history.pop()))
}

/// All that happened to the order `id` up to `event`, in order. It is read from what may be a moment old, for half the
/// price: what happened before a fact never changes, so only where the fact, or one before it, is not seen yet is all of
/// it read strongly.
///
/// # Errors
/// [`StoreError`].
pub async fn history_to(
    app: &App,
    tenant: Tenant,
    id: OrderId,
    event: EventId,
) -> Result<Option<Vec<Told>>, StoreError> {
    for app in [app.showing(), app.deciding()] {
        let mut history = history(&app, tenant, id).await?;
        let Some(place) = history.iter().position(|told| told.id == event) else { continue };
        if usize::try_from(history[place].sequence) == Ok(place + 1) {
            history.truncate(place + 1);
            return Ok(Some(history));
        }
    }
    Ok(None)
}

/// All that happened to the order `id`, in order, read strongly.
///
/// # Errors
/// [`StoreError`].
pub async fn history(app: &App, tenant: Tenant, id: OrderId) -> Result<Vec<Told>, StoreError> {
    let commits: Vec<Commit> =
        store::query_all(app, "order", Table::Events, &keys::order_events(tenant, id)).await?;
    let (mut history, mut before) = (Vec::new(), None::<Order>);
    for commit in commits {
        for recorded in commit.events {
            let event = OrderEvent::read(&recorded.kind, recorded.version, &recorded.data)
                .map_err(|reason| StoreError::Unreadable { kind: "order", reason })?;
            let after = evolve(id, before.clone(), event.clone(), commit.at);
            history.push(Told { id: recorded.id, before, event, at: commit.at, sequence: recorded.sequence });
            before = after;
        }
    }
    Ok(history)
}

/// As [`load`], where `caller` may see the order.
///
/// # Errors
/// 404 where there is none.
pub async fn load_for(app: &App, caller: &Principal, id: OrderId) -> Result<Order, Problem> {
    let order = load(app, caller.tenant(), id).await?.filter(|order| caller.sees(order.placed.customer));
    order.ok_or_else(Problem::not_found)
}

/// The write that appends `events` after the first `sequence` ones, if nothing else was appended meanwhile.
///
/// # Errors
/// [`StoreError::Unreadable`] where an event can't be written down.
pub(super) fn append(
    tenant: Tenant,
    id: OrderId,
    sequence: u32,
    events: &[OrderEvent],
    cause: &Cause,
    at: Timestamp,
) -> Result<Write, StoreError> {
    let mut recorded = Vec::with_capacity(events.len());
    for (event, place) in events.iter().zip(sequence + 1..) {
        let (kind, data) = event
            .write()
            .map_err(|error| StoreError::Unreadable { kind: "order", reason: error.to_string() })?;
        let seed: [&[u8]; 2] = [&id.bits().to_be_bytes(), &place.to_be_bytes()];
        let id = EventId::derived(at, &seed);
        recorded.push(Recorded { id, kind, version: OrderEvent::VERSION, sequence: place, data });
    }
    let (store, mode, cause) = (tenant.store(), tenant.mode(), cause.clone());
    let commit = Commit { store, mode, subject: id.to_string(), at, cause, events: recorded };
    Write::create("order", keys::order_commit(tenant, id, sequence + 1), &commit)
}

/// Whether anything was appended to the order since it was read as `order`, read strongly.
pub(super) async fn has_more(app: &App, tenant: Tenant, order: &Order) -> Result<bool, StoreError> {
    let next = keys::order_commit(tenant, order.id, order.sequence + 1);
    let later = Query::table(Table::Events, next.pk()).at_least(next.sk()).strongly();
    Ok(!later.page::<Commit>(app, "order", 1, None).await?.items.is_empty())
}

/// The order after `events`, which were just appended.
pub(super) fn after(order: Order, events: Vec<OrderEvent>, at: Timestamp) -> Order {
    let id = order.id;
    events.into_iter().fold(order, |order, event| {
        let same = order.clone();
        evolve(id, Some(order), event, at).unwrap_or(same)
    })
}
