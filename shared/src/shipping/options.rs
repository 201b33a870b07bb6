//! How something can be sent: a pure function of a store's zones, of where it goes and of what it is.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Basis, DeliveryDays, MethodRate, Zone};
use crate::{
    contact::{Line, LocationId},
    id::ShippingMethodId,
    money::Money,
    pricing::{Closeness, Destination, Spot},
};

/// What is to be sent. Its currency is that of what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// What the goods cost, after discounts.
    pub subtotal: Money,
    /// What they weigh.
    pub weight_grams: u64,
    /// How many there are.
    pub items: u64,
}

/// A way in which something can be sent, and what that costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ShippingOption {
    /// Which method.
    pub method: ShippingMethodId,
    /// What people call it.
    pub name: Line,
    /// What it costs.
    pub price: Money,
    /// The location where it is picked up; it is sent, where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pickup: Option<LocationId>,
    /// How long it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_days: Option<DeliveryDays>,
}

/// How `parcel` can be sent to `destination`: the active methods of the zone that holds it most closely, in the order in
/// which the zone has them. The closest zone is the one that names the longest postal prefix, then the one that names the
/// region, then the country; the rest of the world comes last. Zones that are as close as each other all count, the
/// oldest first.
pub fn options(zones: &[Zone], destination: &Destination, parcel: &Parcel) -> Vec<ShippingOption> {
    let spot = destination.spot();
    let mut near: Vec<(Option<Closeness>, &Zone)> =
        zones.iter().filter_map(|zone| Some((closeness(zone, &spot)?, zone))).collect();
    let closest = near.iter().map(|(close, _)| *close).max();
    near.retain(|(close, _)| Some(*close) == closest);
    near.sort_by_key(|(_, zone)| zone.id);
    let methods = near.into_iter().flat_map(|(_, zone)| &zone.methods).filter(|method| method.active);
    let offered = methods.filter_map(|method| {
        let rate = method.rates.iter().find(|rate| rate.currency == parcel.subtotal.currency())?;
        Some(ShippingOption {
            method: method.id,
            name: method.name.clone(),
            price: price(rate, parcel)?,
            pickup: method.pickup.clone(),
            delivery_days: method.delivery_days,
        })
    });
    offered.collect()
}

/// How closely a zone holds `spot`; `Some(None)` where it is the rest of the world, which is behind every other.
fn closeness(zone: &Zone, spot: &Spot) -> Option<Option<Closeness>> {
    if zone.places.is_empty() {
        return Some(None);
    }
    zone.places.iter().filter_map(|place| place.holds(spot)).max().map(Some)
}

/// What sending `parcel` costs; nothing, where it is above the last tier.
fn price(rate: &MethodRate, parcel: &Parcel) -> Option<Money> {
    let counted = match rate.basis {
        Basis::Flat => 0,
        Basis::Weight => parcel.weight_grams,
        // What costs less than nothing can't be: discounts stop at zero.
        Basis::Price => u64::try_from(parcel.subtotal.amount()).unwrap_or(0),
        Basis::Quantity => parcel.items,
    };
    let tier = rate.tiers.iter().find(|tier| tier.at_most.is_none_or(|most| counted <= most))?;
    let free = rate.free_from.is_some_and(|from| parcel.subtotal.amount() >= from.amount());
    Some(if free { Money::zero(rate.currency) } else { tier.price })
}
