//! The market, end to end: the real template, the real handlers, emulated services, a paused clock.

mod cancel;
mod catalog;
mod declines;
mod delivery;
mod description;
mod events;
mod faults;
mod idempotency;
mod input;
mod isolation;
mod journey;
mod lists;
mod payments;
mod permissions;
mod races;
mod review;
mod stock;
mod wiring;
