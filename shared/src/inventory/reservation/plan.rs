//! Where an order's stock is taken from, and the writes that move it.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::{Allocation, Demand};
use crate::{
    catalog::Sku,
    contact::LocationId,
    inventory::level::{self, Level, Levels},
    runtime::App,
    store::{StoreError, Write, keys},
    tenant::Tenant,
};

/// Where `demand` would be taken from, by what there is: `strongly`, or as it may have been a moment ago. Else the SKU of
/// which there is not enough.
pub(super) async fn planned(
    app: &App,
    tenant: Tenant,
    demand: &Demand,
    preferred: &[LocationId],
    strongly: bool,
) -> Result<Result<Vec<Allocation>, Sku>, StoreError> {
    let skus: Vec<Sku> = demand.keys().cloned().collect();
    let levels = level::read_many(app, tenant, &skus, strongly).await?;
    let stock = skus.iter().zip(&levels).collect();
    Ok(plan(demand, &stock, preferred))
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
pub(super) enum Move {
    /// From available to reserved.
    Reserve,
    /// Back.
    Release,
    /// From reserved to the parcel.
    Ship,
}

/// One write for each SKU, however many locations it is taken from: a transaction may touch an item once.
pub(super) fn moves(tenant: Tenant, allocations: &[Allocation], what: Move) -> Vec<Write> {
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

/// Splits allocations into what covers `lines` and what is left, or nothing where they don't cover them.
pub(super) fn take(allocations: &[Allocation], lines: &Demand) -> Option<(Vec<Allocation>, Vec<Allocation>)> {
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
