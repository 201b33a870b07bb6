//! Stock as it is shown: sums over buckets, which are nobody's business but their keepers'.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::{Level, Stock};
use crate::{
    catalog::Sku,
    contact::LocationId,
    http::{ETag, Reply},
};

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
    /// Over how many buckets it is spread.
    pub buckets: u32,
    /// How many buckets there are beyond those, from before there were fewer: each goes when `buckets` is set again after
    /// what was promised from it was sent or let go.
    pub closing_buckets: u32,
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

/// The stock of `sku` at `locations` and wherever else there is any.
pub fn view<'a>(
    sku: &Sku,
    stock: &'a Stock,
    locations: impl IntoIterator<Item = &'a LocationId>,
) -> Reply<StockView> {
    let mut all: BTreeMap<&LocationId, Level> =
        locations.into_iter().map(|id| (id, Level::default())).collect();
    all.extend(stock.locations());
    let sum = |part: fn(&Level) -> u64| all.values().map(part).sum();
    let view = StockView {
        sku: sku.clone(),
        on_hand: sum(|level| level.on_hand()),
        reserved: sum(|level| level.reserved),
        available: sum(|level| level.available),
        buckets: stock.open(),
        closing_buckets: stock.closing(),
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
    };
    Reply::ok(view).etag(ETag::of_version(stock.revision()))
}
