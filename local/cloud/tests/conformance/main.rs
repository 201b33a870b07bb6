//! What the emulated services promise, asked of them through the real SDK.

// A test that can't go on says so.
#![allow(clippy::unwrap_used)]

mod dynamodb;
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
mod support;
mod world;
