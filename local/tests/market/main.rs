//! A small market with toy functions: what the engine promises, seen from outside.

// Helpers of tests are no tests to clippy, and may break off like one.
#![allow(clippy::unwrap_used)]

mod gateway;
mod open;
mod queues;
mod real;
mod schedules;
mod serve;
mod streams;
mod toys;
