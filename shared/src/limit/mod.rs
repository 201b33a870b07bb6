//! Limits: how much of Souk one caller, one address and one store may use, over all environments and without a write
//! for each request. See `docs/decisions/limits-are-leased.md`.

mod address;
pub mod attempts;
mod bounded;
pub mod bucket;
mod gate;
pub mod guesses;
pub mod lease;
mod memory;
mod origin;
pub mod policy;
mod settings;
mod take;
pub mod usage;
mod verdict;

pub use address::Address;
pub use bounded::Bounded;
pub use gate::{Asked, admit, speaks_for_many};
pub use memory::Memory;
pub use origin::Origin;
pub use settings::{Limits, Quotas, Rate, StoreLimits};
pub use take::{Taken, take};
pub(crate) use verdict::headers_of_context;
pub use verdict::{Refusal, Verdict};

#[cfg(test)]
mod tests;
