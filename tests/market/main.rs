//! The market, end to end: the real template, the real handlers, emulated services, a paused clock.

#![allow(clippy::unwrap_used, clippy::expect_used)]

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
mod limits;
mod lists;
mod log_in_delays;
mod mutations;
mod origins;
mod payments;
mod permissions;
mod quotas;
mod races;
mod review;
mod stock;
mod wiring;
