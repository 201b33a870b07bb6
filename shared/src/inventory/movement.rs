//! What staff do to stock: receive, adjust, count.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Level, Levels, Stock,
    bucket::{drained, filled},
    deal::in_turn,
    stock,
};
use crate::{
    catalog::Sku,
    contact::{Line, LocationId},
    http::{Call, Code, Problem, Reply},
    id::MovementId,
    runtime::App,
    store::{self, Key, StoreError, Write, WriteError, keys},
    tenant::Tenant,
};

/// The most that a shelf may hold, and the most that one movement may bring or take.
const MOST: u64 = 1_000_000_000;

/// How often a movement is tried again that met another one of the same SKU and location.
const TRIES: usize = 5;

/// A movement to be made. Give `change` or `set`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMovement {
    /// Where.
    pub location: LocationId,
    /// How many come (above 0) or go (below 0).
    #[serde(default)]
    pub change: Option<i64>,
    /// How many lie there after counting.
    #[serde(default)]
    pub set: Option<u64>,
    /// Why, in the store's own words: `received`, `damaged`, `counted`.
    pub reason: Line,
    /// Only if the level is still at this version; `0` where there is none yet.
    #[serde(default)]
    pub if_version: Option<u64>,
}

/// What a movement does to the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// So many come or go.
    Change(i64),
    /// So many are there.
    Set(u64),
}

/// A movement of stock.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Movement {
    /// Its id.
    pub id: MovementId,
    /// Of what.
    pub sku: Sku,
    /// Where.
    pub location: LocationId,
    /// How many came or went.
    pub change: i64,
    /// Why.
    pub reason: Line,
    /// How many lie there after it.
    pub on_hand: u64,
    /// The version of the level after it.
    pub version: u64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl Movement {
    /// The movement of `change` that led to the level `after`.
    fn new(app: &App, sku: &Sku, location: &LocationId, change: i64, after: Level, reason: &Line) -> Self {
        Self {
            id: MovementId::new(app),
            sku: sku.clone(),
            location: location.clone(),
            change,
            reason: reason.clone(),
            on_hand: after.on_hand(),
            version: after.version,
            created_at: app.now(),
        }
    }
}

impl NewMovement {
    /// What it does.
    ///
    /// # Errors
    /// 422 where it says neither or both, or too much.
    pub fn amount(&self) -> Result<Amount, Problem> {
        match (self.change, self.set) {
            (Some(0), None) => Err(Problem::invalid("change", "Must not be 0.")),
            (Some(change), None) if change.unsigned_abs() > MOST => {
                Err(Problem::invalid("change", format!("Must be at most {MOST} either way.")))
            }
            (None, Some(set)) if set > MOST => {
                Err(Problem::invalid("set", format!("Must be at most {MOST}.")))
            }
            (Some(change), None) => Ok(Amount::Change(change)),
            (None, Some(set)) => Ok(Amount::Set(set)),
            _ => Err(Problem::invalid("change", "Give either change or set.")),
        }
    }
}

/// What `amount` makes of a level: the new level, and the change of what lies there.
///
/// # Errors
/// 409 where it would take what is not there or what is promised to orders.
fn apply(level: Level, amount: Amount) -> Result<(Level, i64), Problem> {
    let change = match amount {
        Amount::Change(change) => change,
        // Both are at most `MOST` and so fit.
        Amount::Set(set) => i64::try_from(set).unwrap_or(0) - i64::try_from(level.on_hand()).unwrap_or(0),
    };
    let Some(available) = level.available.checked_add_signed(change) else {
        let detail = format!(
            "{} lie there, of which {} are promised to orders: {} can go.",
            level.on_hand(),
            level.reserved,
            level.available
        );
        return Err(Problem::new(Code::OutOfStock, detail));
    };
    let after = Level { available, reserved: level.reserved, version: level.version + 1 };
    if after.on_hand() > MOST {
        return Err(Problem::invalid("change", format!("At most {MOST} may lie at one location.")));
    }
    Ok((after, change))
}

/// Makes a movement of `sku` and answers it.
///
/// # Errors
/// 409, 412 or 422; nothing is changed then.
pub async fn record<Q>(
    app: &App,
    call: &Call<NewMovement, Q>,
    sku: &Sku,
) -> Result<Reply<Movement>, Problem> {
    let (tenant, new) = (call.tenant()?, &call.body);
    let amount = new.amount()?;
    for _ in 0..TRIES {
        let stock = stock::read(app, tenant, sku).await?;
        let before = stock.as_ref().and_then(|stock| stock.at(&new.location)).unwrap_or_default();
        if new.if_version.is_some_and(|expected| expected != before.version) {
            let detail = format!("The level is at version {} now. Read it again.", before.version);
            return Err(Problem::new(Code::PreconditionFailed, detail).at("if_version"));
        }
        let (after, change) = apply(before, amount)?;
        let movement = Movement::new(app, sku, &new.location, change, after, &new.reason);
        let mut writes = changes(tenant, sku, &new.location, stock.as_ref(), change)?;
        let many = writes.len();
        writes.push(
            Write::create("movement", keys::movement(tenant, sku.as_str(), movement.id), &movement)?
                .as_subject(),
        );
        match call.commit(app, writes, Reply::created(format!("/v1/stock/{sku}"), movement)).await {
            // The level moved between reading and writing: look again.
            Err(error) if (0..many).any(|place| error.refused(place)) => {}
            outcome => return Ok(outcome?),
        }
    }
    Err(Problem::new(Code::Conflict, "Others keep moving this stock. Try again."))
}

/// Puts `count` of `sku` that came back on the shelf at `location`, as the movement `id`: once, however often it is asked
/// for.
///
/// # Errors
/// [`StoreError`]; [`StoreError::Busy`] where others keep moving the same stock.
pub async fn put_back(
    app: &App,
    tenant: Tenant,
    id: MovementId,
    sku: &Sku,
    location: &LocationId,
    count: u64,
) -> Result<(), StoreError> {
    let wrong = |reason: &dyn std::fmt::Display| StoreError::unreadable("movement", reason);
    let reason: Line = "returned".parse().map_err(|error| wrong(&error))?;
    let change = i64::try_from(count).map_err(|error| wrong(&error))?;
    for _ in 0..TRIES {
        let stock = stock::read(app, tenant, sku).await?;
        let before = stock.as_ref().and_then(|stock| stock.at(location)).unwrap_or_default();
        let applied = apply(before, Amount::Change(change));
        let (after, change) = applied.map_err(|_| wrong(&"the shelf is full"))?;
        let movement = Movement { id, ..Movement::new(app, sku, location, change, after, &reason) };
        let mut writes =
            vec![Write::create("movement", keys::movement(tenant, sku.as_str(), id), &movement)?];
        writes.extend(changes(tenant, sku, location, stock.as_ref(), change)?);
        match store::commit(app, writes).await {
            Ok(()) => return Ok(()),
            // It was put there before.
            Err(error) if error.refused(0) => return Ok(()),
            Err(WriteError::Refused(_)) => {}
            Err(WriteError::Store(error)) => return Err(error),
        }
    }
    Err(StoreError::Busy("others keep moving this stock".to_owned()))
}

/// The writes that open the stock of `sku`, of which there never was any: `counts` of it come, a movement for each
/// location.
///
/// # Errors
/// 422 where a count is too large.
pub fn opening(
    app: &App,
    tenant: Tenant,
    sku: &Sku,
    counts: &BTreeMap<LocationId, u64>,
    reason: &Line,
) -> Result<Vec<Write>, Problem> {
    let (mut levels, mut movements) = (Levels { revision: 1, ..Levels::default() }, Vec::new());
    for (location, count) in counts {
        let (level, change) = apply(Level::default(), Amount::Set(*count))?;
        let movement = Movement::new(app, sku, location, change, level, reason);
        movements.push(Write::create(
            "movement",
            keys::movement(tenant, sku.as_str(), movement.id),
            &movement,
        )?);
        levels.locations.insert(location.clone(), level);
    }
    let mut writes = vec![Write::create("stock", keys::stock(tenant, sku.as_str()), &levels)?];
    writes.append(&mut movements);
    Ok(writes)
}

/// The writes that bring `change` to one location, if nobody else changed it meanwhile, or take it away. Reservations may:
/// they are reckoned with in the database, not here.
///
/// What comes goes to the emptiest buckets, what goes comes from the fullest. The first one counts the movement; of the
/// others those that it leaves alone must still have the versions that were read, too, so that what the movement says
/// lies there after it does.
fn changes(
    tenant: Tenant,
    sku: &Sku,
    location: &LocationId,
    stock: Option<&Stock>,
    change: i64,
) -> Result<Vec<Write>, StoreError> {
    let Some(stock) = stock else {
        let level = Level { available: change.max(0).unsigned_abs(), reserved: 0, version: 1 };
        let levels =
            Levels { locations: [(location.clone(), level)].into(), revision: 1, ..Levels::default() };
        return Ok(vec![Write::create("stock", keys::stock(tenant, sku.as_str()), &levels)?]);
    };
    let have: Vec<u64> = stock.buckets().iter().map(|levels| levels.at(location).available).collect();
    let many = change.unsigned_abs();
    let parts =
        if change < 0 { drained(&have, stock.open(), many) } else { filled(&have, stock.open(), many) };
    let mut writes = Vec::with_capacity(parts.len());
    for ((bucket, levels), part) in (0..).zip(stock.buckets()).zip(parts) {
        let part = i64::try_from(part).unwrap_or(i64::MAX) * change.signum();
        let write =
            change_level(keys::stock_bucket(tenant, sku.as_str(), bucket), levels, location, part, bucket)?;
        writes.push(if bucket == 0 { in_turn(write, stock.deal()) } else { write });
    }
    Ok(writes)
}

/// The write of one bucket's part of it.
fn change_level(
    key: Key,
    levels: &Levels,
    location: &LocationId,
    change: i64,
    bucket: u32,
) -> Result<Write, StoreError> {
    let counts = u64::from(bucket == 0);
    let write = match levels.locations.get(location) {
        None if change == 0 && bucket > 0 => Write::check(key).when("attribute_not_exists(locations.#l)"),
        None => {
            let level = Level { available: change.max(0).unsigned_abs(), reserved: 0, version: counts };
            let level: AttributeValue = serde_dynamo::to_attribute_value(level)
                .map_err(|error| StoreError::unreadable("stock", &error))?;
            Write::update(key, "SET locations.#l = :level ADD revision :one")
                .when("attribute_exists(pk) AND attribute_not_exists(locations.#l)")
                .value(":level", level)
                .number(":one", 1)
        }
        Some(before) => {
            let read = AttributeValue::N(before.version.to_string());
            let write = if change == 0 && bucket > 0 {
                Write::check(key).when("locations.#l.#version = :before")
            } else {
                let after = AttributeValue::N((before.version + counts).to_string());
                let expression = "SET locations.#l.available = locations.#l.available + :change, \
                                  locations.#l.#version = :after ADD revision :one";
                Write::update(key, expression)
                    .when("locations.#l.#version = :before AND locations.#l.available >= :needed")
                    .number(":change", change)
                    .number(":needed", (-change).max(0))
                    .value(":after", after)
                    .number(":one", 1)
            };
            write.name("#version", "version").value(":before", read)
        }
    };
    Ok(write.name("#l", location.as_str()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_movement_never_takes_what_is_promised(
            available in 0..MOST, reserved in 0_u64..1_000, change in -2_000_000_000_i64..2_000_000_000,
        ) {
            let before = Level { available, reserved, version: 3 };
            if let Ok((after, made)) = apply(before, Amount::Change(change)) {
                prop_assert_eq!(after.reserved, reserved);
                prop_assert_eq!(made, change);
                prop_assert_eq!(i128::from(after.on_hand()) - i128::from(before.on_hand()), i128::from(change));
            } else {
                let sum = i128::from(available) + i128::from(change);
                prop_assert!(sum < 0 || sum + i128::from(reserved) > i128::from(MOST));
            }
        }

        #[test]
        fn counting_sets_what_lies_there(available in 0_u64..1_000, reserved in 0_u64..1_000, set in 0_u64..2_000) {
            match apply(Level { available, reserved, version: 0 }, Amount::Set(set)) {
                Ok((after, _)) => prop_assert_eq!(after.on_hand(), set),
                Err(_) => prop_assert!(set < reserved),
            }
        }
    }
}
