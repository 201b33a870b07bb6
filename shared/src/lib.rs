//! The common crate of Souk: what its functions share.
//!
//! Arranged by business, not by layer. Each business module holds its own model (pure: no I/O, no
//! clock), its events and its storage; under them stands what no business knows. Arrows run one way:
//! functions → business → foundations.

// Business.
pub mod cart;
pub mod catalog;
pub mod checkout;
pub mod credential;
pub mod customer;
pub mod display;
pub mod draft;
pub mod follow;
pub mod gift_card;
pub mod identity;
pub mod inventory;
pub mod invoice;
pub mod ledger;
pub mod link;
pub mod notification;
pub mod oauth;
pub mod order;
pub mod payment;
pub mod price_list;
pub mod pricing;
pub mod privacy;
pub mod promotion;
pub mod quote;
pub mod relay;
pub mod risk;
pub mod session;
pub mod shipping;
pub mod staff;
pub mod sweep;
pub mod tax;

// Foundations: what no business knows.
pub mod audit;
pub mod contact;
pub mod event;
pub mod http;
pub mod id;
pub mod limit;
pub mod metadata;
pub mod money;
pub mod principal;
pub mod quantity;
pub mod runtime;
pub mod store;
pub mod tenant;
pub mod text;
pub mod token;
pub mod totals;
pub mod vault;

pub use runtime::run;
