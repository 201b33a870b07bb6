//! How much there is, where, and what orders hold of it.
//!
//! For each SKU and location, `available + reserved` is what lies on the shelf. Orders move it from one to the other;
//! staff change the sum. Nothing ever goes below zero, because every write says so in its condition.
//!
//! A SKU that many want at once is spread over buckets, each an item with levels and conditions of its own: what holds of
//! each holds of their sum. What an order holds says its bucket, and goes back there. Nothing but this module knows of
//! buckets: everybody else is told sums.

mod bucket;
mod deal;
mod level;
mod movement;
mod reservation;
mod stock;
mod view;

pub use deal::{ChangeStock, spread};
pub use level::{Level, Levels, Spread};
pub use movement::{Amount, Movement, NewMovement, opening, put_back, record};
pub use reservation::{Allocation, Demand, Reserved, adjust, hold, release, reserve, ship};
pub use stock::{Stock, available, available_in, keys_of, read};
pub use view::{LocationView, StockView, view};
