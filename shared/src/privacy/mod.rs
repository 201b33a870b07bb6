//! What is known of a person: given to them whole, or erased, because somebody asked or because it is old.
//!
//! What is personal lies sealed under a key of the person's own, so erasing is destroying a key ([`crate::vault`]).
//! What must be gone beside that, because it lets somebody in or finds the person, is deleted one thing after the other,
//! in an order in which a repeat finishes what a crash left. See `docs/security.md`.

mod archive;
mod carts;
mod erasure;
mod export;
mod person;
mod retention;

pub use archive::{Archive, ArchivedCart, ArchivedDraft, ArchivedLine};
pub use erasure::{Erasure, ErasureStatus, ErasureView, erase, find as find_erasure};
pub use export::{Export, ExportStatus, ExportView, archive, export, find as find_export};
pub use person::Ask;
pub use retention::enforce;
