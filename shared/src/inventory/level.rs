//! Stock levels of a SKU.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    catalog::Sku,
    contact::LocationId,
    runtime::App,
    store::{self, StoreError, keys},
    tenant::Tenant,
};

/// What there is of a SKU at one location.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// What can be promised.
    pub available: u64,
    /// What is promised to orders that were not shipped yet.
    pub reserved: u64,
    /// Counts what staff and shipments changed. Reservations leave it: they change nothing on the shelf.
    pub version: u64,
}

impl Level {
    /// What lies on the shelf.
    pub fn on_hand(self) -> u64 {
        self.available.saturating_add(self.reserved)
    }
}

/// What there is of a SKU, by location.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Levels {
    /// The level at each location that ever had any.
    pub locations: BTreeMap<LocationId, Level>,
    /// Counts all changes.
    pub revision: u64,
}

impl Levels {
    /// What can be promised, over all locations.
    pub fn available(&self) -> u64 {
        self.locations.values().map(|level| level.available).sum()
    }
}

/// What there is of `sku`.
///
/// # Errors
/// [`StoreError`].
pub async fn read(app: &App, tenant: Tenant, sku: &Sku) -> Result<Option<Levels>, StoreError> {
    store::get(app, "stock", &keys::stock(tenant, sku.as_str())).await
}

/// What there is of each of `skus`, in their order.
pub(super) async fn read_many(
    app: &App,
    tenant: Tenant,
    skus: &[Sku],
    strongly: bool,
) -> Result<Vec<Levels>, StoreError> {
    let keys: Vec<_> = skus.iter().map(|sku| keys::stock(tenant, sku.as_str())).collect();
    let found = store::get_many::<Levels>(app, "stock", &keys, strongly).await?;
    Ok(found.into_iter().map(Option::unwrap_or_default).collect())
}

/// How many of each of `skus` can be promised. For showing it may be a moment old; a refusal must rest on what is read
/// `strongly`.
///
/// # Errors
/// [`StoreError`].
pub async fn available(
    app: &App,
    tenant: Tenant,
    skus: &[Sku],
    strongly: bool,
) -> Result<BTreeMap<Sku, u64>, StoreError> {
    let levels = read_many(app, tenant, skus, strongly).await?;
    Ok(skus.iter().cloned().zip(levels.iter().map(Levels::available)).collect())
}

/// What there is of a SKU.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Stock)]
pub struct StockView {
    /// Of what.
    pub sku: Sku,
    /// What lies on the shelves.
    pub on_hand: u64,
    /// What of it is promised to orders that were not shipped yet.
    pub reserved: u64,
    /// What can still be promised: on hand less reserved.
    pub available: u64,
    /// The same, by location.
    pub locations: Vec<LocationView>,
}

/// What there is of a SKU at one location.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = StockAtLocation)]
pub struct LocationView {
    /// Where.
    pub location: LocationId,
    /// What lies on the shelf.
    pub on_hand: u64,
    /// What of it is promised to orders.
    pub reserved: u64,
    /// What can still be promised.
    pub available: u64,
    /// Give this as `if_version` to change the level only if nobody else did.
    pub version: u64,
}

/// The levels of `sku` at `locations` and wherever else there is any.
pub fn view<'a>(
    sku: &Sku,
    levels: &Levels,
    locations: impl IntoIterator<Item = &'a LocationId>,
) -> StockView {
    let mut all: BTreeMap<&LocationId, Level> =
        locations.into_iter().map(|id| (id, Level::default())).collect();
    all.extend(levels.locations.iter().map(|(id, level)| (id, *level)));
    let sum = |part: fn(&Level) -> u64| all.values().map(part).sum();
    StockView {
        sku: sku.clone(),
        on_hand: sum(|level| level.on_hand()),
        reserved: sum(|level| level.reserved),
        available: sum(|level| level.available),
        locations: all
            .iter()
            .map(|(location, level)| LocationView {
                location: (*location).clone(),
                on_hand: level.on_hand(),
                reserved: level.reserved,
                available: level.available,
                version: level.version,
            })
            .collect(),
    }
}
