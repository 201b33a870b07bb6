//! What the emulated services promise, asked of them through the real SDK.
//!
//! Whatever holds for AWS itself goes through `aws`, and with `SOUK_AWS_ENDPOINT=http://…` can be asked of any
//! endpoint. The rest is about what only this cloud has: its typed interface, its hooks, its files.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it can't go on")]

mod aws;
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
mod tables;
mod wire;
