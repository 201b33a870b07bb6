//! Where an order's stock is taken from, and the writes that move it.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use aws_sdk_dynamodb::types::AttributeValue;

use super::{Allocation, Demand};
use crate::{
    catalog::Sku,
    contact::LocationId,
    id::OrderId,
    inventory::{Levels, bucket::ranked, stock},
    runtime::App,
    store::{self, StoreError, Write, keys},
    tenant::Tenant,
};

/// An order holds no more parts than this, each of one SKU and bucket: what it takes and what it gives back has to fit into
/// one transaction of 100 writes. Whoever has only SKUs of one bucket never comes near.
pub(super) const MOST_PARTS: usize = 94;

/// Where `demand` would be taken from for `order`, by what there is: `strongly`, or as it may have been a moment ago. Else
/// the SKU of which there is not enough.
///
/// Of a SKU that is spread over buckets, the order's own one is looked at first. Only where that has not enough, all are:
/// so whoever is refused has been refused by all of them.
pub(super) async fn planned(
    app: &App,
    tenant: Tenant,
    order: OrderId,
    demand: &Demand,
    preferred: &[LocationId],
    strongly: bool,
) -> Result<Result<Vec<Allocation>, Sku>, StoreError> {
    let skus: Vec<Sku> = demand.keys().cloned().collect();
    let first = stock::first_buckets(app, tenant, &skus, strongly).await?;
    let mut sources: Sources<'_> = BTreeMap::new();
    let mut spread = Vec::new();
    for (sku, levels) in skus.iter().zip(first) {
        match levels.items() {
            1 => _ = sources.insert(sku, vec![(0, levels)]),
            items => spread.push((sku, ranked(order, levels.open(), items), levels)),
        }
    }
    if !spread.is_empty() {
        let mut lacking = Vec::new();
        for ((sku, _, first), (bucket, own)) in spread.iter().zip(owns(app, tenant, &spread, strongly).await?)
        {
            if does(first, &own, preferred, demand.get(*sku).copied().unwrap_or(0)) {
                sources.insert(*sku, vec![(bucket, own)]);
            } else {
                lacking.push((*sku).clone());
            }
        }
        let all = stock::read_many(app, tenant, &lacking, strongly).await?;
        for ((sku, ..), stock) in spread.iter().filter(|(sku, ..)| lacking.contains(sku)).zip(all) {
            let items = u32::try_from(stock.buckets().len()).unwrap_or(u32::MAX);
            let of =
                |bucket: u32| (bucket, stock.buckets().get(bucket as usize).cloned().unwrap_or_default());
            sources.insert(*sku, ranked(order, stock.open(), items).into_iter().map(of).collect());
        }
    }
    Ok(plan(demand, &sources, preferred))
}

/// What is looked at of each SKU: buckets, those first that are taken from first.
type Sources<'a> = BTreeMap<&'a Sku, Vec<(u32, Levels)>>;

/// The bucket of each SKU that the order tries first, and what it holds.
async fn owns(
    app: &App,
    tenant: Tenant,
    spread: &[(&Sku, Vec<u32>, Levels)],
    strongly: bool,
) -> Result<Vec<(u32, Levels)>, StoreError> {
    let own = |ranked: &[u32]| ranked.first().copied().unwrap_or(0);
    let others = spread.iter().filter(|(_, ranked, _)| own(ranked) > 0);
    let keys: Vec<_> =
        others.map(|(sku, ranked, _)| keys::stock_bucket(tenant, sku.as_str(), own(ranked))).collect();
    let mut found = store::get_many::<Levels>(app, "stock", &keys, strongly).await?.into_iter();
    let read = spread.iter().map(|(_, ranked, first)| match own(ranked) {
        0 => (0, first.clone()),
        bucket => (bucket, found.next().flatten().unwrap_or_default()),
    });
    Ok(read.collect())
}

/// Whether a bucket alone will do: it has all that is wanted, where it is taken from by preference. That is the first
/// preferred location that there is any stock of the SKU at, which the first bucket knows.
fn does(first: &Levels, own: &Levels, preferred: &[LocationId], wanted: u64) -> bool {
    let known = |id: &&LocationId| first.locations.contains_key(*id);
    let best = preferred.iter().find(known).or(first.locations.keys().next());
    best.is_some_and(|location| own.at(location).available >= wanted)
}

/// Where each SKU is taken from: from the first preferred location that has all of it, else from several in order
/// of preference. At each location from the first bucket that has all of it, else from several, the fullest first.
fn plan(demand: &Demand, sources: &Sources<'_>, preferred: &[LocationId]) -> Result<Vec<Allocation>, Sku> {
    let mut allocations = Vec::new();
    for (sku, &wanted) in demand {
        let buckets = sources.get(sku).map(Vec::as_slice).unwrap_or_default();
        let all: BTreeSet<&LocationId> =
            buckets.iter().flat_map(|(_, levels)| levels.locations.keys()).collect();
        let others = all.into_iter().filter(|id| !preferred.contains(id));
        let at = |id: &LocationId| buckets.iter().map(|(_, levels)| levels.at(id).available).sum::<u64>();
        let shelves: Vec<(&LocationId, u64)> =
            preferred.iter().chain(others).map(|id| (id, at(id))).collect();
        let whole = shelves.iter().find(|(_, available)| *available >= wanted);
        let mut missing = wanted;
        for (location, available) in whole.map(std::slice::from_ref).unwrap_or(&shelves) {
            let quantity = (*available).min(missing);
            missing -= quantity;
            for (bucket, quantity) in from_buckets(buckets, location, quantity) {
                allocations.push(Allocation {
                    sku: sku.clone(),
                    location: (*location).clone(),
                    quantity,
                    bucket,
                });
            }
        }
        if missing > 0 {
            return Err(sku.clone());
        }
    }
    match scattered(&allocations, MOST_PARTS) {
        Some(sku) => Err(sku),
        None => Ok(allocations),
    }
}

/// How many of `quantity`, which is no more than they have, come from which bucket.
fn from_buckets(buckets: &[(u32, Levels)], location: &LocationId, quantity: u64) -> Vec<(u32, u64)> {
    let have = buckets.iter().map(|(bucket, levels)| (*bucket, levels.at(location).available));
    if let Some((bucket, _)) = have.clone().find(|(_, available)| *available >= quantity) {
        return Vec::from_iter((quantity > 0).then_some((bucket, quantity)));
    }
    let mut fullest: Vec<(u32, u64)> = have.collect();
    fullest.sort_by_key(|(_, available)| Reverse(*available));
    let mut missing = quantity;
    fullest
        .into_iter()
        .filter_map(|(bucket, available)| {
            let taken = available.min(missing);
            missing -= taken;
            (taken > 0).then_some((bucket, taken))
        })
        .collect()
}

/// The SKU that lies in most parts, where there are more than `most`: a transaction can't move them all. So little is left
/// of it in each bucket that dealing it over fewer helps, which its staff can do.
pub(super) fn scattered(allocations: &[Allocation], most: usize) -> Option<Sku> {
    let parts: BTreeSet<(&Sku, u32)> = allocations.iter().map(|part| (&part.sku, part.bucket)).collect();
    if parts.len() <= most {
        return None;
    }
    let mut counts: BTreeMap<&Sku, usize> = BTreeMap::new();
    for (sku, _) in parts {
        *counts.entry(sku).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(sku, _)| sku.clone())
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

/// One write for each SKU and bucket, however many locations it is taken from: a transaction may touch an item once.
pub(super) fn moves(tenant: Tenant, allocations: &[Allocation], what: Move) -> Vec<Write> {
    let mut by_bucket: BTreeMap<(&Sku, u32), Vec<&Allocation>> = BTreeMap::new();
    for allocation in allocations {
        by_bucket.entry((&allocation.sku, allocation.bucket)).or_default().push(allocation);
    }
    by_bucket
        .into_iter()
        .map(|((sku, bucket), parts)| {
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
            let mut write = Write::update(keys::stock_bucket(tenant, sku.as_str(), bucket), expression)
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
    use crate::inventory::Level;

    fn sku(n: u8) -> Sku {
        format!("SKU-{n}").parse().unwrap()
    }

    fn at(n: u8) -> LocationId {
        format!("shelf-{n}").parse().unwrap()
    }

    fn levels(shelves: &[(u8, u64)]) -> Levels {
        let level = |available| Level { available, reserved: 0, version: 1 };
        let locations = shelves.iter().map(|&(id, n)| (at(id), level(n))).collect();
        Levels { locations, revision: 1, ..Levels::default() }
    }

    fn part(place: u8, quantity: u64, bucket: u32) -> Allocation {
        Allocation { sku: sku(1), location: at(place), quantity, bucket }
    }

    fn planned(wanted: u64, buckets: &[&[(u8, u64)]], preferred: &[u8]) -> Result<Vec<Allocation>, Sku> {
        let sources = (0..).zip(buckets).map(|(bucket, shelves)| (bucket, levels(shelves))).collect();
        let preferred: Vec<_> = preferred.iter().map(|&place| at(place)).collect();
        plan(&[(sku(1), wanted)].into(), &[(&sku(1), sources)].into(), &preferred)
    }

    #[test]
    fn one_parcel_is_better_than_two() {
        assert_eq!(planned(5, &[&[(1, 3), (2, 9)]], &[1, 2]).unwrap(), [part(2, 5, 0)]);
    }

    #[test]
    fn two_parcels_are_better_than_none() {
        assert_eq!(planned(11, &[&[(1, 3), (2, 9)]], &[1, 2]).unwrap(), [part(1, 3, 0), part(2, 8, 0)]);
    }

    #[test]
    fn buckets_are_one_shelf() {
        let buckets: [&[(u8, u64)]; 3] = [&[(1, 1)], &[(1, 3), (2, 9)], &[(1, 2)]];
        assert_eq!(planned(2, &buckets, &[1, 2]).unwrap(), [part(1, 2, 1)]);
        assert_eq!(planned(5, &buckets, &[1, 2]).unwrap(), [part(1, 3, 1), part(1, 2, 2)]);
        assert_eq!(planned(6, &buckets, &[1, 2]).unwrap().len(), 3);
        assert_eq!(planned(7, &buckets, &[1, 2]).unwrap(), [part(2, 7, 1)]);
        assert_eq!(planned(16, &buckets, &[1, 2]), Err(sku(1)));
    }

    #[test]
    fn an_own_bucket_that_would_do_elsewhere_only_does_not() {
        let (first, own) = (levels(&[(1, 0), (2, 4)]), levels(&[(2, 9)]));
        assert!(
            !does(&first, &own, &[at(1), at(2)], 1),
            "others may have it where it is taken from by preference"
        );
        assert!(does(&first, &own, &[at(2), at(1)], 9) && !does(&first, &own, &[at(2)], 10));
        assert!(does(&levels(&[(2, 0)]), &own, &[at(1)], 1), "there is none but at another one");
    }

    #[test]
    fn what_lies_in_too_many_parts_is_not_to_be_had() {
        let parts: Vec<_> = (0..5).map(|bucket| part(1, 1, bucket)).collect();
        assert_eq!((scattered(&parts, 5), scattered(&parts, 4)), (None, Some(sku(1))));
    }

    proptest! {
        #[test]
        fn a_plan_covers_the_demand_and_takes_no_more_than_there_is(
            wanted in 1_u64..40, buckets in prop::collection::vec(prop::collection::vec(0_u64..20, 0..4), 1..4),
        ) {
            let numbered = |shelves: &Vec<u64>| (0..).zip(shelves.iter().copied()).collect::<Vec<(u8, u64)>>();
            let buckets: Vec<Vec<(u8, u64)>> = buckets.iter().map(numbered).collect();
            let total: u64 = buckets.iter().flatten().map(|(_, n)| n).sum();
            match planned(wanted, &buckets.iter().map(Vec::as_slice).collect::<Vec<_>>(), &[2, 0]) {
                Ok(parts) => {
                    prop_assert_eq!(parts.iter().map(|part| part.quantity).sum::<u64>(), wanted);
                    for part in parts {
                        let there = levels(&buckets[part.bucket as usize]).at(&part.location).available;
                        prop_assert!(0 < part.quantity && part.quantity <= there);
                    }
                }
                Err(_) => prop_assert!(total < wanted),
            }
        }

        #[test]
        fn taking_loses_nothing(held in prop::collection::vec((0_u8..3, 1_u64..9), 0..6), wanted in 1_u64..20) {
            let held: Vec<_> =
                held.into_iter().map(|(n, quantity)| Allocation { sku: sku(n), location: at(n), quantity, bucket: u32::from(n) }).collect();
            let sum = |parts: &[Allocation]| parts.iter().map(|part| part.quantity).sum::<u64>();
            if let Some((taken, left)) = take(&held, &[(sku(1), wanted)].into()) {
                prop_assert_eq!(sum(&taken), wanted);
                prop_assert_eq!(sum(&taken) + sum(&left), sum(&held));
            }
        }
    }
}
