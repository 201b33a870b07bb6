//! The market, end to end: the real template, the real handlers, emulated services, a paused clock.

// An unwrap that fails is a test that fails.
#![allow(clippy::unwrap_used)]

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
mod stock;
mod wiring;
