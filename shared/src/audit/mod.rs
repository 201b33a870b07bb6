//! The audit log: who did what to which resource, from where, in a chain that can't be changed unseen.
//!
//! What is done leaves a note in the same transaction (`note`). The table's stream brings the note to `record-audit`,
//! which makes an entry of it, chained to the one before (`chain`, pure), and deletes the note (`record`). The chain's
//! head is anchored where `record-audit` can't write (`anchor`). See `docs/decisions/audit-chain.md`.

mod action;
mod actor;
mod anchor;
mod chain;
mod digest;
mod entry;
mod export;
mod log;
mod network;
mod note;
mod record;

pub use action::Action;
pub use actor::Actor;
pub use anchor::{Anchor, anchor, verify};
pub use chain::{Broken, Fault, Report, Verifier, append};
pub use digest::Digest;
pub use entry::{Entry, Head};
pub use export::verify_lines;
pub use log::{Filter, head, page, tail};
pub use network::Network;
pub use note::{Note, entry, remind};
pub use record::record;
