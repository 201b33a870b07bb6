//! The rules of the business, without a market around them: what happens to an order, what a cart costs, what a
//! product may be, what a mail says.
#![allow(clippy::unwrap_used)]

mod audit_actions;
mod carts;
mod entity_tags;
mod error_codes;
mod example;
mod invoices;
mod ledger;
mod mails;
mod order_decisions;
mod order_events;
mod order_exchanges;
mod order_life;
mod order_money;
mod order_refunds;
mod payments;
mod products;
