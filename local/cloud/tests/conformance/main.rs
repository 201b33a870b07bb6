//! What the emulated services promise, asked of them through the real SDK.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it can't go on")]

mod capacity;
mod durable;
mod dynamodb;
mod faults;
mod identity;
mod partitions;
mod secrets;
mod ses;
mod streams;
mod support;
mod wire;
