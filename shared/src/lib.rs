//! The common crate of Souk: what its functions share.
//!
//! Arranged by business, not by layer. Each business module holds its own model (pure: no I/O, no
//! clock), its events and its storage; under them stands what no business knows. Arrows run one way:
//! functions → business → foundations.

// Foundations: what no business knows.
pub mod event;
pub mod http;
pub mod id;
pub mod money;
pub mod principal;
pub mod runtime;
pub mod store;
pub mod tenant;
pub mod text;

pub use runtime::run;
