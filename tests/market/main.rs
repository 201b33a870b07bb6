//! The market, end to end: the real template, the real handlers, emulated services, a paused clock.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod accounts;
mod audit;
mod audit_tampering;
mod cancel;
mod carts;
mod catalog;
mod checks;
mod declines;
mod delivery;
mod deployed;
mod description;
mod events;
mod faults;
mod forge;
mod forgeries;
mod idempotency;
mod input;
mod isolation;
mod issuers;
mod journey;
mod lists;
mod mutations;
mod oauth;
mod payments;
mod permissions;
mod races;
mod review;
mod settings;
mod silo;
mod stock;
mod tripwire;
mod vault;
mod wiring;
