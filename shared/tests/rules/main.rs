//! The rules of the business, without a market around them: what happens to an order, what a cart costs, what a
//! product may be, what a mail says.
#![allow(clippy::unwrap_used)]

mod example;
mod order_decisions;
mod order_life;
