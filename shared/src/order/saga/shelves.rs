//! Puts what came back on the shelves.

use std::collections::BTreeMap;

use super::{
    super::{decide::Command, model::Order},
    Outcome,
};
use crate::{
    id::{MovementId, ReturnId},
    inventory,
    runtime::{App, JobError},
    tenant::Tenant,
};

/// Each SKU at each location is one movement, whose id follows from the return's: repeated, it is the same one.
pub(super) async fn restock(
    app: &App,
    tenant: Tenant,
    order: &Order,
    id: ReturnId,
) -> Result<Outcome, JobError> {
    let lines = order.find_return(id).into_iter().flat_map(|one| &one.received);
    let mut counts: BTreeMap<_, u64> = BTreeMap::new();
    for line in lines {
        if let Some(location) = &line.restock {
            *counts.entry((&line.sku, location)).or_default() += u64::from(line.quantity.get());
        }
    }
    for ((sku, location), count) in counts {
        let seed = [&id.bits().to_be_bytes()[..], sku.as_str().as_bytes(), location.as_str().as_bytes()];
        let movement = MovementId::derived(id.time(), &seed);
        inventory::put_back(app, tenant, movement, sku, location, count).await?;
    }
    Ok(Outcome::Found(Command::RecordRestocked(id)))
}
