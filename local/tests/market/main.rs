//! A small market with toy functions: what the engine promises, seen from outside.

mod gateway;
mod open;
mod queues;
mod schedules;
mod serve;
mod streams;
mod toys;
