//! How much there is, where, and what orders hold of it.
//!
//! For each SKU and location, `available + reserved` is what lies on the shelf. Orders move it from one to the other;
//! staff change the sum. Nothing ever goes below zero, because every write says so in its condition.

mod level;
mod movement;
mod reservation;

pub use level::{Level, Levels, LocationView, StockView, available, read, view};
pub use movement::{Amount, Movement, NewMovement, opening, put_back, record};
pub use reservation::{Allocation, Demand, Reserved, adjust, hold, release, reserve, ship};
