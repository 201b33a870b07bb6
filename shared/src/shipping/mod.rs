//! Shipping: where a store sends, how, and what that costs.
//!
//! A store's [`Zone`]s are data of its own, each with its methods; [`options`] is a pure function of them. A [`Carrier`]
//! is whoever quotes prices; the zones are one.

mod carrier;
mod model;
mod options;
mod storage;
#[cfg(test)]
mod tests;

pub use carrier::{Carrier, CarrierError, Zones};
pub use model::{
    Basis, ChangeZone, DeliveryDays, MethodInput, MethodRate, NewZone, ShippingMethod, Tier, Zone,
};
pub use options::{Parcel, ShippingOption, options};
pub use storage::{change, create, get, list, remove, view, zones};
