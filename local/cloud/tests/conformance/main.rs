//! What the emulated services promise, asked of them through the real SDK.

mod dynamodb;
mod support;
