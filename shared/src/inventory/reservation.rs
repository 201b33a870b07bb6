//! What orders hold of the stock: reserved when they are placed, let go when they are canceled, gone when shipped.
//!
//! Each operation is one transaction of the order's reservation with the stock it moves. The reservation's own
//! condition makes a repetition harmless; the stock's conditions make overselling impossible.

mod adjust;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Level, Levels, level};
use crate::{
    catalog::Sku,
    contact::LocationId,
    id::{FulfillmentId, OrderId},
    runtime::App,
    store::{self, StoreError, Write, WriteError, keys},
    tenant::Tenant,
};

pub use adjust::adjust;

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

/// Where an order that is being placed would get all of `demand` from, and the writes that reserve it, to be committed
/// with what places it. Nothing, where there does not seem to be enough. Planned on what may be a moment old: the writes'
/// conditions say whether it is still there. Where others are taking the same stock at that moment, they are refused at
/// once, so that an order is placed without waiting, and gets its stock by [`reserve`].
///
/// # Errors
/// [`StoreError`].
pub async fn hold(
    app: &App,
    tenant: Tenant,
    demand: &Demand,
    preferred: &[LocationId],
) -> Result<Option<(Vec<Allocation>, Vec<Write>)>, StoreError> {
    let skus: Vec<Sku> = demand.keys().cloned().collect();
    let levels = level::read_many(app, tenant, &skus, false).await?;
    let stock: BTreeMap<&Sku, &Levels> = skus.iter().zip(&levels).collect();
    Ok(plan(demand, &stock, preferred).ok().map(|allocations| {
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
    let skus: Vec<Sku> = demand.keys().cloned().collect();
    for _ in 0..TRIES {
        let levels = level::read_many(app, tenant, &skus, true).await?;
        let stock: BTreeMap<&Sku, &Levels> = skus.iter().zip(&levels).collect();
        let plan = plan(demand, &stock, preferred);
        let allocations = match plan {
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

/// Where each SKU is taken from: from the first preferred location that has all of it, else from several in order
/// of preference.
fn plan(
    demand: &Demand,
    stock: &BTreeMap<&Sku, &Levels>,
    preferred: &[LocationId],
) -> Result<Vec<Allocation>, Sku> {
    let mut allocations = Vec::new();
    for (sku, &wanted) in demand {
        let levels = stock.get(sku).map(|levels| &levels.locations);
        let others = levels.iter().flat_map(|levels| levels.keys()).filter(|id| !preferred.contains(id));
        let at = |id: &LocationId| levels.and_then(|levels| levels.get(id)).copied().unwrap_or_default();
        let shelves: Vec<(&LocationId, Level)> =
            preferred.iter().chain(others).map(|id| (id, at(id))).collect();
        let whole = shelves.iter().find(|(_, level)| level.available >= wanted);
        let mut missing = wanted;
        for (location, level) in whole.map(std::slice::from_ref).unwrap_or(&shelves) {
            let quantity = level.available.min(missing);
            if quantity > 0 {
                allocations.push(Allocation { sku: sku.clone(), location: (*location).clone(), quantity });
                missing -= quantity;
            }
        }
        if missing > 0 {
            return Err(sku.clone());
        }
    }
    Ok(allocations)
}

#[derive(Clone, Copy)]
enum Move {
    /// From available to reserved.
    Reserve,
    /// Back.
    Release,
    /// From reserved to the parcel.
    Ship,
}

/// One write for each SKU, however many locations it is taken from: a transaction may touch an item once.
fn moves(tenant: Tenant, allocations: &[Allocation], what: Move) -> Vec<Write> {
    let mut by_sku: BTreeMap<&Sku, Vec<&Allocation>> = BTreeMap::new();
    for allocation in allocations {
        by_sku.entry(&allocation.sku).or_default().push(allocation);
    }
    by_sku
        .into_iter()
        .map(|(sku, parts)| {
            let (mut sets, mut conditions) = (Vec::new(), Vec::new());
            for place in 0..parts.len() {
                let (level, quantity) = (format!("locations.#l{place}"), format!(":q{place}"));
                let minus = |field: &str| format!("{level}.{field} = {level}.{field} - {quantity}");
                let plus = |field: &str| format!("{level}.{field} = {level}.{field} + {quantity}");
                let from = if matches!(what, Move::Reserve) { "available" } else { "reserved" };
                conditions.push(format!("{level}.{from} >= {quantity}"));
                sets.extend(match what {
                    Move::Reserve => [minus("available"), plus("reserved")],
                    Move::Release => [minus("reserved"), plus("available")],
                    Move::Ship => [minus("reserved"), format!("{level}.#version = {level}.#version + :one")],
                });
            }
            let expression = format!("SET {} ADD revision :one", sets.join(", "));
            let mut write = Write::update(keys::stock(tenant, sku.as_str()), expression)
                .when(conditions.join(" AND "))
                .number(":one", 1);
            if matches!(what, Move::Ship) {
                write = write.name("#version", "version");
            }
            for (place, part) in parts.iter().enumerate() {
                write = write
                    .name(format!("#l{place}"), part.location.as_str())
                    .value(format!(":q{place}"), AttributeValue::N(part.quantity.to_string()));
            }
            write
        })
        .collect()
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

/// Splits allocations into what covers `lines` and what is left, or nothing where they don't cover them.
fn take(allocations: &[Allocation], lines: &Demand) -> Option<(Vec<Allocation>, Vec<Allocation>)> {
    let mut wanted = lines.clone();
    let (mut taken, mut left) = (Vec::new(), Vec::new());
    for allocation in allocations {
        let missing = wanted.get_mut(&allocation.sku);
        let quantity = missing.as_deref().copied().unwrap_or(0).min(allocation.quantity);
        if let Some(missing) = missing {
            *missing -= quantity;
        }
        if quantity > 0 {
            taken.push(Allocation { quantity, ..allocation.clone() });
        }
        if quantity < allocation.quantity {
            left.push(Allocation { quantity: allocation.quantity - quantity, ..allocation.clone() });
        }
    }
    wanted.values().all(|missing| *missing == 0).then_some((taken, left))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sku(n: u8) -> Sku {
        format!("SKU-{n}").parse().unwrap()
    }

    fn at(n: u8) -> LocationId {
        format!("shelf-{n}").parse().unwrap()
    }

    fn levels(shelves: &[(u8, u64)]) -> Levels {
        let level = |available| Level { available, reserved: 0, version: 1 };
        Levels { locations: shelves.iter().map(|&(id, n)| (at(id), level(n))).collect(), revision: 1 }
    }

    #[test]
    fn one_parcel_is_better_than_two() {
        let (demand, stock) = ([(sku(1), 5)].into(), levels(&[(1, 3), (2, 9)]));
        let planned = plan(&demand, &[(&sku(1), &stock)].into(), &[at(1), at(2)]).unwrap();
        assert_eq!(planned, [Allocation { sku: sku(1), location: at(2), quantity: 5 }]);
    }

    #[test]
    fn two_parcels_are_better_than_none() {
        let (demand, stock) = ([(sku(1), 11)].into(), levels(&[(1, 3), (2, 9)]));
        let planned = plan(&demand, &[(&sku(1), &stock)].into(), &[at(1), at(2)]).unwrap();
        let quantities: Vec<_> = planned.iter().map(|part| part.quantity).collect();
        assert_eq!(quantities, [3, 8]);
    }

    proptest! {
        #[test]
        fn a_plan_covers_the_demand_and_takes_no_more_than_there_is(
            wanted in 1_u64..40, shelves in prop::collection::vec(0_u64..20, 0..4),
        ) {
            let shelves: Vec<(u8, u64)> = shelves.into_iter().enumerate().map(|(n, q)| (n as u8, q)).collect();
            let stock = levels(&shelves);
            let total: u64 = shelves.iter().map(|(_, n)| n).sum();
            match plan(&[(sku(1), wanted)].into(), &[(&sku(1), &stock)].into(), &[at(2), at(0)]) {
                Ok(parts) => {
                    prop_assert_eq!(parts.iter().map(|part| part.quantity).sum::<u64>(), wanted);
                    for part in parts {
                        prop_assert!(part.quantity <= stock.locations[&part.location].available);
                    }
                }
                Err(_) => prop_assert!(total < wanted),
            }
        }

        #[test]
        fn taking_loses_nothing(held in prop::collection::vec((0_u8..3, 1_u64..9), 0..6), wanted in 1_u64..20) {
            let held: Vec<_> =
                held.into_iter().map(|(n, quantity)| Allocation { sku: sku(n), location: at(n), quantity }).collect();
            let sum = |parts: &[Allocation]| parts.iter().map(|part| part.quantity).sum::<u64>();
            if let Some((taken, left)) = take(&held, &[(sku(1), wanted)].into()) {
                prop_assert_eq!(sum(&taken), wanted);
                prop_assert_eq!(sum(&taken) + sum(&left), sum(&held));
            }
        }
    }
}
