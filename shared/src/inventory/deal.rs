//! Dealing what there is of a SKU over more buckets, or fewer.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    Levels, Stock, StockView,
    bucket::{MOST_BUCKETS, dealt},
    level::Spread,
    stock, view,
};
use crate::{
    catalog::Sku,
    contact::LocationId,
    http::{Call, Code, ETag, Problem, Reply},
    runtime::App,
    store::{Key, StoreError, Write, keys},
    tenant::Tenant,
};

/// How often stock is dealt anew that has moved since it was read.
const TRIES: usize = 8;

/// A change of how a SKU's stock is kept.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeStock {
    /// Over how many buckets it is spread. More than one are for a sale of hundreds of one SKU in a second.
    #[schema(minimum = 1, maximum = 32)]
    pub buckets: u32,
}

/// Deals what there is of `sku` evenly over as many buckets as are wanted, all at once, and answers what there is, at
/// `locations` and wherever else there is any.
///
/// # Errors
/// 409, 412 or 422; nothing is changed then.
pub async fn spread<Q>(
    app: &App,
    call: &Call<ChangeStock, Q>,
    sku: &Sku,
    locations: &[LocationId],
) -> Result<Reply<StockView>, Problem> {
    let (tenant, wanted) = (call.tenant()?, call.body.buckets);
    if !(1..=MOST_BUCKETS).contains(&wanted) {
        return Err(Problem::invalid("buckets", format!("Must be 1 to {MOST_BUCKETS}.")));
    }
    for _ in 0..TRIES {
        let known = stock::read(app, tenant, sku).await?;
        let is_new = known.is_none();
        let before = known.unwrap_or_default();
        ETag::of_version(before.revision()).if_match(&call.headers)?;
        let after = deal(&before, wanted);
        let writes = if after == before { Vec::new() } else { writes(tenant, sku, &before, &after, is_new)? };
        let many = writes.len();
        match call.commit(app, writes, view::view(sku, &after, locations)).await {
            // What lay there was promised or sent meanwhile: look again.
            Err(error) if (0..many).any(|place| error.refused(place)) => {}
            outcome => return Ok(outcome?),
        }
    }
    Err(Problem::new(Code::Conflict, "This stock keeps changing. Try again when less of it is bought."))
}

/// What lies where after what can be promised was dealt evenly over `wanted` buckets. What is promised stays in the
/// bucket that it was promised from, which therefore stays, too, until it is sent or let go. The same, where nothing has
/// to move.
fn deal(before: &Stock, wanted: u32) -> Stock {
    let old = before.buckets();
    let promised = |levels: &Levels| levels.locations.values().any(|level| level.reserved > 0);
    let last = old.iter().rposition(promised).map_or(0, |last| last + 1);
    let items = last.max(wanted as usize);
    let mut new: Vec<Levels> = old.iter().take(items).cloned().collect();
    new.resize(items, Levels::default());
    for (location, sum) in before.locations() {
        let shares = dealt(sum.available, wanted);
        for (bucket, levels) in new.iter_mut().enumerate() {
            let share = shares.get(bucket).copied().unwrap_or(0);
            let known = bucket == 0 || share > 0 || levels.locations.contains_key(location);
            if known {
                levels.locations.entry(location.clone()).or_default().available = share;
            }
        }
    }
    // What a bucket that goes counted, the first one goes on counting: no version comes twice.
    for gone in old.iter().skip(items) {
        new[0].revision = new[0].revision.saturating_add(gone.revision);
        for (location, level) in &gone.locations {
            let kept = new[0].locations.entry(location.clone()).or_default();
            kept.version = kept.version.saturating_add(level.version);
        }
    }
    let spread = Spread { open: wanted, items: u32::try_from(items).unwrap_or(MOST_BUCKETS) };
    let same = old.len() == items && before.open() == wanted && old == new;
    if same {
        return before.clone();
    }
    let deal = before.deal() + 1;
    new[0].spread = Some(spread);
    new[0].deal = deal;
    for (bucket, levels) in new.iter_mut().enumerate() {
        if old.get(bucket) != Some(levels) {
            levels.deal = deal;
            levels.revision += 1;
        }
    }
    Stock::of(new)
}

/// The writes that make `after` of `before`, where nothing that must not has changed meanwhile. Reservations may be made
/// and let go: they are reckoned with in the database. A bucket that goes must be as it was read.
fn writes(
    tenant: Tenant,
    sku: &Sku,
    before: &Stock,
    after: &Stock,
    is_new: bool,
) -> Result<Vec<Write>, StoreError> {
    let (old, new) = (before.buckets(), after.buckets());
    let mut writes = Vec::new();
    for bucket in 0..old.len().max(new.len()) {
        let key = keys::stock_bucket(tenant, sku.as_str(), u32::try_from(bucket).unwrap_or(MOST_BUCKETS));
        let known = old.get(bucket).filter(|_| bucket > 0 || !is_new);
        match (known, new.get(bucket)) {
            (None, Some(levels)) => writes.push(Write::create("stock", key, levels)?),
            (Some(levels), None) => {
                let write = Write::delete(key).when("revision = :read");
                writes.push(write.value(":read", AttributeValue::N(levels.revision.to_string())));
            }
            (Some(before), Some(after)) if before != after => {
                let write = update(key, before, after)?;
                writes.push(if bucket == 0 { in_turn(write, before.deal) } else { write });
            }
            _ => {}
        }
    }
    // What the audit log tells of is the SKU's stock, not one of its buckets.
    Ok(writes
        .into_iter()
        .enumerate()
        .map(|(place, write)| if place == 0 { write.as_subject() } else { write })
        .collect())
}

/// The same write, where stock was not dealt since deal number `deal`: what was read of all buckets together still is.
pub(super) fn in_turn(write: Write, deal: u64) -> Write {
    match deal {
        0 => write.when("attribute_not_exists(deal)"),
        _ => write.when("deal = :dealt").value(":dealt", AttributeValue::N(deal.to_string())),
    }
}

/// The write that brings one bucket from `before` to `after`.
fn update(key: Key, before: &Levels, after: &Levels) -> Result<Write, StoreError> {
    let number = |value: u64| AttributeValue::N(value.to_string());
    let unreadable = |error: serde_dynamo::Error| StoreError::unreadable("stock", &error);
    let (mut sets, mut conditions) =
        (vec!["deal = :deal".to_owned()], vec!["attribute_exists(pk)".to_owned()]);
    let (mut names, mut values) =
        (BTreeMap::new(), BTreeMap::from([(":deal".to_owned(), number(after.deal))]));
    if let Some(spread) = after.spread {
        sets.push("spread = :spread".to_owned());
        values.insert(":spread".to_owned(), serde_dynamo::to_attribute_value(spread).map_err(unreadable)?);
    }
    for (place, (location, level)) in after.locations.iter().enumerate() {
        let old = before.locations.get(location);
        if old == Some(level) {
            continue;
        }
        let path = format!("locations.#l{place}");
        names.insert(format!("#l{place}"), location.as_str().to_owned());
        let Some(old) = old else {
            conditions.push(format!("attribute_not_exists({path})"));
            sets.push(format!("{path} = :l{place}"));
            values.insert(format!(":l{place}"), serde_dynamo::to_attribute_value(level).map_err(unreadable)?);
            continue;
        };
        if level.available < old.available {
            conditions.push(format!("{path}.available >= :c{place}"));
            sets.push(format!("{path}.available = {path}.available - :c{place}"));
            values.insert(format!(":c{place}"), number(old.available - level.available));
        } else if level.available > old.available {
            sets.push(format!("{path}.available = {path}.available + :c{place}"));
            values.insert(format!(":c{place}"), number(level.available - old.available));
        }
        if level.version > old.version {
            names.insert("#version".to_owned(), "version".to_owned());
            sets.push(format!("{path}.#version = {path}.#version + :v{place}"));
            values.insert(format!(":v{place}"), number(level.version - old.version));
        }
    }
    values.insert(":more".to_owned(), number(after.revision - before.revision));
    let mut write = Write::update(key, format!("SET {} ADD revision :more", sets.join(", ")));
    for condition in conditions {
        write = write.when(condition);
    }
    let write = names.into_iter().fold(write, |write, (name, attribute)| write.name(name, attribute));
    Ok(values.into_iter().fold(write, |write, (name, value)| write.value(name, value)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::inventory::Level;

    fn stock(buckets: &[Vec<(u64, u64)>], open: u32) -> Stock {
        let at = |place: usize| format!("shelf-{place}").parse().unwrap();
        let bucket = |levels: &Vec<(u64, u64)>| Levels {
            locations: (0..)
                .zip(levels)
                .map(|(place, &(available, reserved))| (at(place), Level { available, reserved, version: 1 }))
                .collect(),
            revision: 3,
            ..Levels::default()
        };
        let mut buckets: Vec<Levels> = buckets.iter().map(bucket).collect();
        buckets[0].spread = Some(Spread { open, items: u32::try_from(buckets.len()).unwrap() });
        buckets[0].deal = 1;
        Stock::of(buckets)
    }

    proptest! {
        #[test]
        fn dealing_loses_nothing_and_leaves_what_is_promised(
            buckets in prop::collection::vec(prop::collection::vec((0_u64..30, 0_u64..3), 2), 1..7),
            wanted in 1_u32..9,
        ) {
            let before = stock(&buckets, 1);
            let after = deal(&before, wanted);
            prop_assert_eq!(before.locations(), after.locations());
            prop_assert_eq!(after.open(), wanted);
            for (bucket, old) in before.buckets().iter().enumerate() {
                for (location, level) in &old.locations {
                    let now = after.buckets().get(bucket).map_or(0, |levels| levels.at(location).reserved);
                    prop_assert_eq!(level.reserved, now);
                }
            }
            prop_assert!(after.buckets()[wanted as usize..].iter().all(|levels| levels.available() == 0));
            prop_assert!(after == before || after.revision() > before.revision());
            prop_assert_eq!(deal(&after, wanted), after.clone());
        }
    }

    #[test]
    fn a_sku_with_one_bucket_stays_as_it_is() {
        let before = Stock::of(vec![Levels::default()]);
        assert_eq!(deal(&before, 1), before);
    }
}
