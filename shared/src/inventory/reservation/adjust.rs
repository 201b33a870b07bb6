//! Changes of what an order holds, when it is edited.

use super::{
    Allocation, Demand, MOST_PARTS, Move, Refused, Reservation, Reserved, State, TRIES, held, load_or, moves,
    planned, replace, scattered, take,
};
use crate::{
    contact::LocationId,
    id::OrderId,
    runtime::App,
    store::{self, StoreError, WriteError},
    tenant::Tenant,
};

/// Has `order` hold exactly `demand`: takes what is missing, lets go of what is too much, all at once or nothing. May be
/// repeated. `sequence` is how many events the order had when that was its demand: a later demand is not undone by an
/// earlier one that comes late. Where there is not enough, there is not for that sequence, whatever comes meanwhile.
/// `first` is what the order's events say that it got first.
///
/// # Errors
/// [`StoreError`]; [`StoreError::Busy`] where others keep taking the same stock.
pub async fn adjust(
    app: &App,
    tenant: Tenant,
    (order, first): (OrderId, Option<&[Allocation]>),
    demand: &Demand,
    preferred: &[LocationId],
    sequence: u32,
) -> Result<Reserved, StoreError> {
    for _ in 0..TRIES {
        let missing = || StoreError::unreadable("reservation", &"an order that is edited has none");
        let before = load_or(app, tenant, order, first).await?.ok_or_else(missing)?;
        if before.state == State::Released || before.adjusted > sequence {
            return Ok(Reserved::Closed);
        }
        if before.adjusted == sequence {
            return Ok(held(Some(before)).unwrap_or(Reserved::Closed));
        }
        if let Some(refused) = before.refused.as_ref().filter(|refused| refused.sequence == sequence) {
            return Ok(Reserved::Short(refused.sku.clone()));
        }
        let (more, less) = difference(demand, &before.allocations);
        let (freed, kept) = take(&before.allocations, &less).ok_or_else(missing)?;
        let planned = planned(app, tenant, order, &more, preferred, true).await?.and_then(|taken| {
            let (moved, held) = ([&freed[..], &taken].concat(), joined(kept.clone(), &taken));
            let scattered = scattered(&moved, MOST_PARTS).or_else(|| scattered(&held, MOST_PARTS));
            scattered.map_or(Ok((taken, held)), Err)
        });
        let (taken, holds) = match planned {
            Ok(planned) => planned,
            // It may be this very order that took the last ones, or is about to: whether there is enough for it is
            // decided once, or one worker would charge for what another one gives up.
            Err(sku) => {
                let refused = Some(Refused { sequence, sku: sku.clone() });
                let after = Reservation { revision: before.revision + 1, refused, ..before.clone() };
                match store::commit(app, vec![replace(tenant, order, &before, &after)?]).await {
                    Ok(()) => return Ok(Reserved::Short(sku)),
                    Err(WriteError::Refused(_)) => continue,
                    Err(WriteError::Store(error)) => return Err(error),
                }
            }
        };
        let after = Reservation {
            state: State::Held,
            allocations: holds,
            shipped: before.shipped.clone(),
            revision: before.revision + 1,
            adjusted: sequence,
            refused: None,
        };
        let mut writes = vec![replace(tenant, order, &before, &after)?];
        writes.extend(moves(tenant, &taken, Move::Reserve));
        writes.extend(moves(tenant, &freed, Move::Release));
        match store::commit(app, writes).await {
            Ok(()) => return Ok(Reserved::Held(after.allocations)),
            // The stock or the reservation has moved since it was read: plan anew.
            Err(WriteError::Refused(_)) => {}
            Err(WriteError::Store(error)) => return Err(error),
        }
    }
    Err(StoreError::Busy("others keep taking the same stock".to_owned()))
}

/// What is missing of `demand`, and what is held beyond it. No SKU is in both.
fn difference(demand: &Demand, held: &[Allocation]) -> (Demand, Demand) {
    let mut have = Demand::new();
    for allocation in held {
        *have.entry(allocation.sku.clone()).or_default() += allocation.quantity;
    }
    let beyond = |of: &Demand, over: &Demand| -> Demand {
        let counts = of
            .iter()
            .map(|(sku, &count)| (sku.clone(), count.saturating_sub(over.get(sku).copied().unwrap_or(0))));
        counts.filter(|(_, count)| *count > 0).collect()
    };
    (beyond(demand, &have), beyond(&have, demand))
}

/// Both, with one allocation for each SKU, location and bucket.
fn joined(mut kept: Vec<Allocation>, more: &[Allocation]) -> Vec<Allocation> {
    for one in more {
        let same = |held: &&mut Allocation| {
            (&held.sku, &held.location, held.bucket) == (&one.sku, &one.location, one.bucket)
        };
        match kept.iter_mut().find(same) {
            Some(held) => held.quantity += one.quantity,
            None => kept.push(one.clone()),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn held(parts: &[(u8, u8, u64)]) -> Vec<Allocation> {
        let one = |&(sku, place, quantity): &(u8, u8, u64)| Allocation {
            sku: format!("SKU-{sku}").parse().unwrap(),
            location: format!("shelf-{place}").parse().unwrap(),
            quantity,
            bucket: u32::from(place % 2),
        };
        joined(Vec::new(), &parts.iter().map(one).collect::<Vec<_>>())
    }

    fn counts(parts: &[Allocation]) -> Demand {
        let mut counts = Demand::new();
        for part in parts {
            *counts.entry(part.sku.clone()).or_default() += part.quantity;
        }
        counts
    }

    proptest! {
        #[test]
        fn what_is_kept_and_what_is_missing_are_the_demand(
            before in prop::collection::vec((0_u8..3, 0_u8..3, 1_u64..6), 0..6),
            after in prop::collection::vec((0_u8..3, 0_u8..3, 1_u64..6), 1..6),
        ) {
            let (before, demand) = (held(&before), counts(&held(&after)));
            let (more, less) = difference(&demand, &before);
            prop_assert!(more.keys().all(|sku| !less.contains_key(sku)));
            let (freed, mut kept) = take(&before, &less).unwrap();
            prop_assert_eq!(counts(&freed), less);
            let missing = more.into_iter().map(|(sku, quantity)| {
                Allocation { sku, location: "shelf-9".parse().unwrap(), quantity, bucket: 0 }
            });
            kept = joined(kept, &missing.collect::<Vec<_>>());
            prop_assert_eq!(counts(&kept), demand);
        }
    }
}
