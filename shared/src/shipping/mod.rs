//! Shipping: where a store sends, how, and what that costs.
//!
//! A store's [`Zone`]s are data of its own, each with its methods; [`options`] is a pure function of them. A [`Carrier`]
//! is whoever quotes prices; the zones are one.

mod model;
mod options;
#[cfg(test)]
mod tests;

pub use model::{
    Basis, ChangeZone, DeliveryDays, MethodInput, MethodRate, NewZone, ShippingMethod, Tier, Zone,
};
pub use options::{Parcel, ShippingOption, options};
