//! What orders hold of the stock: reserved when they are placed, let go when they are canceled, gone when shipped.
//!
//! Each operation is one transaction of the order's reservation with the stock it moves. The reservation's own
//! condition makes a repetition harmless; the stock's conditions make overselling impossible.

mod adjust;
mod plan;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    catalog::Sku,
    contact::LocationId,
    id::{FulfillmentId, OrderId},
    runtime::App,
    store::{self, StoreError, Write, WriteError, keys},
    tenant::Tenant,
};

pub use adjust::adjust;
use plan::{MOST_PARTS, Move, moves, planned, scattered, take};

/// How often a reservation is planned anew, because the stock it was planned on has gone meanwhile.
const TRIES: usize = 6;

/// What an order wants, by SKU: two lines of one SKU are one demand.
pub type Demand = BTreeMap<Sku, u64>;

/// Some of a SKU at one location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Allocation {
    /// Of what.
    pub sku: Sku,
    /// From where.
    pub location: LocationId,
    /// How many.
    pub quantity: u64,
    /// From which bucket of the SKU's stock, where it has several: there it goes back. The first one, of orders from
    /// before there were any.
    #[serde(default, skip_serializing_if = "is_first")]
    pub bucket: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_first(bucket: &u32) -> bool {
    *bucket == 0
}

/// How a try to reserve ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// The order holds these now, or did already.
    Held(Vec<Allocation>),
    /// There is not enough of this one. Nothing was taken.
    Short(Sku),
    /// The order was let go before. It gets nothing any more.
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Held,
    Released,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Reservation {
    state: State,
    /// What is still held.
    allocations: Vec<Allocation>,
    /// The fulfillments that took some of it.
    shipped: BTreeSet<FulfillmentId>,
    revision: u64,
    /// How many events the order had at the edit that changed it last.
    #[serde(default)]
    adjusted: u32,
    /// What there was not enough of, at the edit that asked for it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused: Option<Refused>,
}

/// A demand that could not be met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Refused {
    /// How many events the order had.
    sequence: u32,
    /// Of what there was not enough.
    sku: Sku,
}

impl Reservation {
    /// What an order holds from the moment on that it was placed: nothing but the order says so, until it changes.
    fn at_first(allocations: &[Allocation]) -> Self {
        let (state, shipped) = (State::Held, BTreeSet::new());
        Self { state, allocations: allocations.to_vec(), shipped, revision: 0, adjusted: 0, refused: None }
    }
}

async fn load(app: &App, tenant: Tenant, order: OrderId) -> Result<Option<Reservation>, StoreError> {
    store::get(app, "reservation", &keys::reservation(tenant, order)).await
}

/// The reservation of an order that has one or, where its own events say that it holds `allocations`, held them from
/// the start.
async fn load_or(
    app: &App,
    tenant: Tenant,
    order: OrderId,
    allocations: Option<&[Allocation]>,
) -> Result<Option<Reservation>, StoreError> {
    let kept = load(app, tenant, order).await?;
    Ok(kept.or_else(|| allocations.map(Reservation::at_first)))
}

/// Where `order`, which is being placed, would get all of `demand` from, and the writes that reserve it, to be committed
/// with what places it. Nothing, where there does not seem to be enough. Planned on what may be a moment old: the writes'
/// conditions say whether it is still there. Where others are taking the same stock at that moment, they are refused at
/// once, so that an order is placed without waiting, and gets its stock by [`reserve`].
///
/// # Errors
/// [`StoreError`].
pub async fn hold(
    app: &App,
    tenant: Tenant,
    order: OrderId,
    demand: &Demand,
    preferred: &[LocationId],
) -> Result<Option<(Vec<Allocation>, Vec<Write>)>, StoreError> {
    Ok(planned(app, tenant, order, demand, preferred, false).await?.ok().map(|allocations| {
        let writes = moves(tenant, &allocations, Move::Reserve);
        (allocations, writes.into_iter().map(Write::giving_way).collect())
    }))
}

/// Reserves all of `demand` for `order`, or nothing. May be repeated.
///
/// # Errors
/// [`StoreError`]; [`StoreError::Busy`] where others keep taking the same stock.
pub async fn reserve(
    app: &App,
    tenant: Tenant,
    order: OrderId,
    demand: &Demand,
    preferred: &[LocationId],
) -> Result<Reserved, StoreError> {
    for _ in 0..TRIES {
        let allocations = match planned(app, tenant, order, demand, preferred, true).await? {
            Ok(allocations) => allocations,
            // It may be this very order that took the last ones.
            Err(sku) => return Ok(held(load(app, tenant, order).await?).unwrap_or(Reserved::Short(sku))),
        };
        let reservation = Reservation {
            state: State::Held,
            allocations: allocations.clone(),
            shipped: BTreeSet::new(),
            revision: 1,
            adjusted: 0,
            refused: None,
        };
        let mut writes = vec![Write::create("reservation", keys::reservation(tenant, order), &reservation)?];
        writes.extend(moves(tenant, &allocations, Move::Reserve));
        match store::commit(app, writes).await {
            Ok(()) => return Ok(Reserved::Held(allocations)),
            Err(error @ WriteError::Refused(_)) => {
                if error.refused(0)
                    && let Some(earlier) = held(load(app, tenant, order).await?)
                {
                    return Ok(earlier);
                }
                // The stock has moved since it was read: plan anew.
            }
            Err(WriteError::Store(error)) => return Err(error),
        }
    }
    Err(StoreError::Busy("others keep taking the same stock".to_owned()))
}

fn held(reservation: Option<Reservation>) -> Option<Reserved> {
    reservation.map(|reservation| match reservation.state {
        State::Held => Reserved::Held(reservation.allocations),
        State::Released => Reserved::Closed,
    })
}

/// The write that puts `after` in place of the reservation as it was read.
fn replace(
    tenant: Tenant,
    order: OrderId,
    before: &Reservation,
    after: &Reservation,
) -> Result<Write, StoreError> {
    let key = keys::reservation(tenant, order);
    if before.revision == 0 {
        return Write::create("reservation", key, after);
    }
    let write = Write::put("reservation", key, after)?;
    Ok(write.when("revision = :read").value(":read", AttributeValue::N(before.revision.to_string())))
}

/// Lets go of all that `order` still holds, for good: a reservation that comes late finds the door closed. May be
/// repeated. `first` is what its events say that it got first.
///
/// # Errors
/// [`StoreError`].
pub async fn release(
    app: &App,
    tenant: Tenant,
    order: OrderId,
    first: Option<&[Allocation]>,
) -> Result<(), StoreError> {
    for _ in 0..TRIES {
        let (writes, done) = match load_or(app, tenant, order, first).await? {
            None => {
                let closed = Reservation {
                    state: State::Released,
                    allocations: Vec::new(),
                    shipped: BTreeSet::new(),
                    revision: 1,
                    adjusted: 0,
                    refused: None,
                };
                (vec![Write::create("reservation", keys::reservation(tenant, order), &closed)?], false)
            }
            Some(reservation) if reservation.state == State::Released => (Vec::new(), true),
            Some(held) => {
                let after = Reservation {
                    state: State::Released,
                    allocations: Vec::new(),
                    shipped: held.shipped.clone(),
                    revision: held.revision + 1,
                    adjusted: held.adjusted,
                    refused: None,
                };
                let mut writes = vec![replace(tenant, order, &held, &after)?];
                writes.extend(moves(tenant, &held.allocations, Move::Release));
                (writes, false)
            }
        };
        if done {
            return Ok(());
        }
        match store::commit(app, writes).await {
            Ok(()) => return Ok(()),
            Err(WriteError::Refused(_)) => {}
            Err(WriteError::Store(error)) => return Err(error),
        }
    }
    Err(StoreError::Busy("the reservation keeps changing".to_owned()))
}

/// Takes what `fulfillment` ships off the shelves. May be repeated. `first` is what the order's events say that it got
/// first.
///
/// # Errors
/// [`StoreError`]; [`StoreError::Unreadable`] where the order does not hold what is shipped, which the order's own
/// rules rule out.
pub async fn ship(
    app: &App,
    tenant: Tenant,
    (order, first): (OrderId, Option<&[Allocation]>),
    fulfillment: FulfillmentId,
    lines: &Demand,
) -> Result<(), StoreError> {
    for _ in 0..TRIES {
        let missing = || StoreError::unreadable("reservation", &"it does not hold what is shipped");
        let before = load_or(app, tenant, order, first).await?.ok_or_else(missing)?;
        if before.shipped.contains(&fulfillment) {
            return Ok(());
        }
        let (taken, left) = take(&before.allocations, lines).ok_or_else(missing)?;
        let mut shipped = before.shipped.clone();
        shipped.insert(fulfillment);
        let (state, revision, adjusted) = (before.state, before.revision + 1, before.adjusted);
        let refused = before.refused.clone();
        let after = Reservation { state, allocations: left, shipped, revision, adjusted, refused };
        let mut writes = vec![replace(tenant, order, &before, &after)?];
        writes.extend(moves(tenant, &taken, Move::Ship));
        match store::commit(app, writes).await {
            Ok(()) => return Ok(()),
            Err(WriteError::Refused(_)) => {}
            Err(WriteError::Store(error)) => return Err(error),
        }
    }
    Err(StoreError::Busy("the reservation keeps changing".to_owned()))
}
