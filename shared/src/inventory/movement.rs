//! What staff do to stock: receive, adjust, count.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Level, Levels, level};
use crate::{
    catalog::Sku,
    contact::{Line, LocationId},
    http::{Call, Code, Problem, Reply},
    id::MovementId,
    runtime::App,
    store::{self, StoreError, Write, WriteError, keys},
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
        let levels = level::read(app, tenant, sku).await?;
        let before = levels.as_ref().and_then(|levels| levels.locations.get(&new.location)).copied();
        let version = before.unwrap_or_default().version;
        if new.if_version.is_some_and(|expected| expected != version) {
            let detail = format!("The level is at version {version} now. Read it again.");
            return Err(Problem::new(Code::PreconditionFailed, detail).at("if_version"));
        }
        let (after, change) = apply(before.unwrap_or_default(), amount)?;
        let movement = Movement::new(app, sku, &new.location, change, after, &new.reason);
        let writes = vec![
            change_level(tenant, sku, &new.location, levels.as_ref(), before, after, change)?,
            Write::create("movement", keys::movement(tenant, sku.as_str(), movement.id), &movement)?
                .as_subject(),
        ];
        match call.commit(app, writes, Reply::created(format!("/v1/stock/{sku}"), movement)).await {
            // The level moved between reading and writing: look again.
            Err(error) if error.refused(0) => {}
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
        let levels = level::read(app, tenant, sku).await?;
        let before = levels.as_ref().and_then(|levels| levels.locations.get(location)).copied();
        let applied = apply(before.unwrap_or_default(), Amount::Change(change));
        let (after, change) = applied.map_err(|_| wrong(&"the shelf is full"))?;
        let movement = Movement { id, ..Movement::new(app, sku, location, change, after, &reason) };
        let writes = vec![
            Write::create("movement", keys::movement(tenant, sku.as_str(), id), &movement)?,
            change_level(tenant, sku, location, levels.as_ref(), before, after, change)?,
        ];
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

/// The write that brings one location's level from `before` to `after`, if nobody else changed it meanwhile.
/// Reservations may: they are reckoned with in the database, not here.
fn change_level(
    tenant: Tenant,
    sku: &Sku,
    location: &LocationId,
    levels: Option<&Levels>,
    before: Option<Level>,
    after: Level,
    change: i64,
) -> Result<Write, StoreError> {
    let key = keys::stock(tenant, sku.as_str());
    let Some(before) = before else {
        if levels.is_none() {
            let locations = [(location.clone(), after)].into();
            return Write::create("stock", key, &Levels { locations, revision: 1 });
        }
        let level: AttributeValue = serde_dynamo::to_attribute_value(after)
            .map_err(|error| StoreError::unreadable("stock", &error))?;
        return Ok(Write::update(key, "SET locations.#l = :level ADD revision :one")
            .when("attribute_exists(pk) AND attribute_not_exists(locations.#l)")
            .name("#l", location.as_str())
            .value(":level", level)
            .number(":one", 1));
    };
    let expression = "SET locations.#l.available = locations.#l.available + :change, locations.#l.#version = :after \
                      ADD revision :one";
    Ok(Write::update(key, expression)
        .when("locations.#l.#version = :before AND locations.#l.available >= :needed")
        .name("#l", location.as_str())
        .name("#version", "version")
        .number(":change", change)
        .number(":needed", (-change).max(0))
        .value(":before", AttributeValue::N(before.version.to_string()))
        .value(":after", AttributeValue::N(after.version.to_string()))
        .number(":one", 1))
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
