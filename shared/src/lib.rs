//! The common crate of Souk: what its functions share.
//!
//! Arranged by business, not by layer. Each business module holds its own model (pure: no I/O, no
//! clock), its events and its storage; under them stands what no business knows. Arrows run one way:
//! functions → business → foundations.

pub mod runtime;

pub use runtime::run;
