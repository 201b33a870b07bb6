//! The market, end to end: the real template, the real handlers, emulated services, a paused clock.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod accounts;
mod api_keys;
mod cancel;
mod catalog;
mod checks;
mod declines;
mod delivery;
mod deployed;
mod description;
mod events;
mod faults;
mod idempotency;
mod input;
mod isolation;
mod journey;
mod lists;
mod mutations;
mod payments;
mod permissions;
mod races;
mod review;
mod staff;
mod stock;
mod totp;
mod vault;
mod wiring;
