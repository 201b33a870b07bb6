//! Links that work once: what a mail carries to prove that its reader has the address.
//!
//! A link's token is never stored and never travels through a queue: it follows from the link's id and a key of the
//! deployment, so the function that writes the mail makes it anew.

mod model;
mod token;

pub use model::{Link, Purpose, find, spend};
pub use token::{LinkToken, read, write};
