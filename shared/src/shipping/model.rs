//! Zones and their methods.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    contact::{Line, LocationId},
    http::Problem,
    id::{ShippingMethodId, ShippingZoneId},
    money::{Currency, Money},
    pricing::Place,
};

/// Places that a zone may name.
const MOST_PLACES: usize = 500;
/// Methods of a zone.
const MOST_METHODS: usize = 10;
/// Currencies that a method may have a price in.
const MOST_RATES: usize = 10;
/// Tiers of a price.
const MOST_TIERS: usize = 20;
/// The highest price: 10 billion minor units, as in the catalog.
const MOST_PRICE: i64 = 10_000_000_000;
/// The longest delivery, in days.
const MOST_DAYS: u16 = 365;

/// What the tiers of a price count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Nothing: there is one price.
    #[default]
    Flat,
    /// The weight, in grams.
    Weight,
    /// What the goods cost after discounts, in minor units.
    Price,
    /// How many there are.
    Quantity,
}

/// A step of a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// The most that this step is for; no end, where absent. What is above the last step can't be sent this way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u64>,
    /// What it costs.
    pub price: Money,
}

/// What a method costs in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MethodRate {
    /// The currency.
    pub currency: Currency,
    /// What the tiers count.
    #[serde(default)]
    pub basis: Basis,
    /// The steps, each with a higher `at_most`: 1 to 20, and exactly one where the price is flat.
    pub tiers: Vec<Tier>,
    /// Free from here on: what the goods cost after discounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_from: Option<Money>,
}

/// How long it takes, in days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveryDays {
    /// At least.
    pub min: u16,
    /// At most.
    pub max: u16,
}

/// A way of sending, or a place to pick up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShippingMethod {
    /// Its id.
    pub id: ShippingMethodId,
    /// What people call it.
    pub name: Line,
    /// Whether it is offered.
    pub active: bool,
    /// The location where goods are picked up; they are sent, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pickup: Option<LocationId>,
    /// How long it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_days: Option<DeliveryDays>,
    /// What it costs, one for each currency that it is offered in.
    pub rates: Vec<MethodRate>,
}

/// A method as callers give it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MethodInput {
    /// Which of the zone's methods this is; a new one, where absent.
    #[serde(default)]
    pub id: Option<ShippingMethodId>,
    /// What people call it.
    pub name: Line,
    /// Whether it is offered.
    #[serde(default = "yes")]
    pub active: bool,
    /// The location of the store where goods are picked up; they are sent, where absent.
    #[serde(default)]
    pub pickup: Option<LocationId>,
    /// How long it takes.
    #[serde(default)]
    pub delivery_days: Option<DeliveryDays>,
    /// What it costs, one for each currency that it is offered in: 1 to 10.
    pub rates: Vec<MethodRate>,
}

fn yes() -> bool {
    true
}

/// Where a store sends, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ShippingZone)]
pub struct Zone {
    /// Its id.
    pub id: ShippingZoneId,
    /// What people call it.
    pub name: Line,
    /// The places in it. None: the rest of the world.
    pub places: Vec<Place>,
    /// How it is sent there, in the order in which shoppers see it.
    pub methods: Vec<ShippingMethod>,
    /// Counts its changes, from 1.
    pub version: u32,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// A zone to be created.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewZone {
    /// What people call it.
    pub name: Line,
    /// The places in it: countries, regions, postal codes that begin alike; at most 500. None: the rest of the world.
    #[serde(default)]
    pub places: Vec<Place>,
    /// How it is sent there, in the order in which shoppers see it: at most 10.
    #[serde(default)]
    pub methods: Vec<MethodInput>,
}

/// What to change of a zone. What is absent stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeZone {
    /// What people call it.
    pub name: Option<Line>,
    /// The places in it, all of them.
    pub places: Option<Vec<Place>>,
    /// How it is sent there, all of it. A method that is there already is named by its id.
    pub methods: Option<Vec<MethodInput>>,
}

impl Zone {
    /// A new zone, for a store with these locations. `next` makes ids.
    ///
    /// # Errors
    /// 422 naming what breaks a rule.
    pub fn new(
        id: ShippingZoneId,
        new: NewZone,
        locations: &[LocationId],
        next: impl FnMut() -> ShippingMethodId,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let NewZone { name, places, methods } = new;
        let methods = built(methods, &[], locations, next)?;
        checked(Self { id, name, places, methods, version: 1, created_at: now, updated_at: now })
    }

    /// The zone with a change made.
    ///
    /// # Errors
    /// 422 as [`Zone::new`].
    pub fn changed(
        &self,
        change: ChangeZone,
        locations: &[LocationId],
        next: impl FnMut() -> ShippingMethodId,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let methods = match change.methods {
            Some(methods) => built(methods, &self.methods, locations, next)?,
            None => self.methods.clone(),
        };
        checked(Self {
            id: self.id,
            name: change.name.unwrap_or_else(|| self.name.clone()),
            places: change.places.unwrap_or_else(|| self.places.clone()),
            methods,
            version: self.version.saturating_add(1),
            created_at: self.created_at,
            updated_at: now,
        })
    }
}

fn checked(zone: Zone) -> Result<Zone, Problem> {
    at_most(MOST_PLACES, zone.places.len(), "places")?;
    let mut seen = BTreeSet::new();
    match zone.places.iter().position(|place| !seen.insert(place)) {
        Some(twice) => Err(Problem::invalid(format!("places[{twice}]"), "It is there twice.")),
        None => Ok(zone),
    }
}

/// The methods that `inputs` say, which keep the ids of those among `old` that they name.
fn built(
    inputs: Vec<MethodInput>,
    old: &[ShippingMethod],
    locations: &[LocationId],
    mut next: impl FnMut() -> ShippingMethodId,
) -> Result<Vec<ShippingMethod>, Problem> {
    at_most(MOST_METHODS, inputs.len(), "methods")?;
    let mut methods: Vec<ShippingMethod> = Vec::with_capacity(inputs.len());
    for (place, input) in inputs.into_iter().enumerate() {
        let at = |field: &str| format!("methods[{place}].{field}");
        let id = match input.id {
            Some(id) if methods.iter().any(|method| method.id == id) => {
                return Err(Problem::invalid(at("id"), "It is there twice."));
            }
            Some(id) if old.iter().any(|method| method.id == id) => id,
            Some(_) => return Err(Problem::invalid(at("id"), "The zone has no such method.")),
            None => next(),
        };
        if input.pickup.as_ref().is_some_and(|pickup| !locations.contains(pickup)) {
            return Err(Problem::invalid(at("pickup"), "The store has no such location."));
        }
        if input.delivery_days.is_some_and(|days| days.min > days.max || days.max > MOST_DAYS) {
            let detail = format!("`min` must not be above `max`, nor `max` above {MOST_DAYS}.");
            return Err(Problem::invalid(at("delivery_days"), detail));
        }
        rates(&input.rates, &at("rates"))?;
        let MethodInput { name, active, pickup, delivery_days, rates, .. } = input;
        methods.push(ShippingMethod { id, name, active, pickup, delivery_days, rates });
    }
    Ok(methods)
}

fn rates(rates: &[MethodRate], param: &str) -> Result<(), Problem> {
    if rates.is_empty() {
        return Err(Problem::invalid(param, "There must be at least one."));
    }
    at_most(MOST_RATES, rates.len(), param)?;
    let mut seen = BTreeSet::new();
    for (place, rate) in rates.iter().enumerate() {
        let fault = |detail: &str| Err(Problem::invalid(format!("{param}[{place}]"), detail));
        if !seen.insert(rate.currency) {
            return fault("There may be one for each currency.");
        }
        let prices = || rate.tiers.iter().map(|tier| tier.price).chain(rate.free_from);
        if prices().any(|price| price.currency() != rate.currency) {
            return fault("All its prices must be in its currency.");
        }
        if prices().any(|price| !(0..=MOST_PRICE).contains(&price.amount())) {
            return fault("Amounts must be from 0 to 10000000000.");
        }
        if !(1..=MOST_TIERS).contains(&rate.tiers.len()) {
            return fault("There must be 1 to 20 tiers.");
        }
        if rate.basis == Basis::Flat && (rate.tiers.len() > 1 || rate.tiers[0].at_most.is_some()) {
            return fault("A flat price has one tier, without `at_most`.");
        }
        // No end is above every end.
        let end = |tier: &Tier| tier.at_most.map_or(u128::from(u64::MAX) + 1, u128::from);
        if rate.tiers.windows(2).any(|two| end(&two[0]) >= end(&two[1])) {
            return fault("Each tier's `at_most` must be above the one before; only the last may lack it.");
        }
    }
    Ok(())
}

fn at_most(most: usize, length: usize, param: &str) -> Result<(), Problem> {
    if length > most {
        return Err(Problem::invalid(param, format!("There may be at most {most}.")));
    }
    Ok(())
}
