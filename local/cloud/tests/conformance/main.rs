//! What the emulated services promise, asked of them through the real SDK.
//!
//! Whatever holds for AWS itself goes through `aws` or `world`, and with `SOUK_AWS_ENDPOINT=http://…` can be asked
//! of any endpoint. The rest is about what only this cloud has: its typed interface, its hooks, its files.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it can't go on")]

mod aws;
mod capacity;
mod durable;
mod dynamodb;
mod faults;
mod identity;
mod kms;
mod partitions;
mod secrets;
mod ses;
mod sns_delivery;
mod sns_fifo;
mod sns_filters;
mod sns_publishing;
mod sns_topics;
mod sqs_attributes;
mod sqs_batches;
mod sqs_delays;
mod sqs_fifo;
mod sqs_messages;
mod sqs_moves;
mod sqs_polling;
mod sqs_queues;
mod sqs_redrive;
mod sqs_retention;
mod sqs_visibility;
mod streams;
mod support;
mod tables;
mod wire;
mod world;
