//! What the emulated services promise, asked of them through the real SDK.

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
