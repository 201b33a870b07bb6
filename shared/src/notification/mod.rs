//! Mails to shoppers.

mod mail;
mod send;

pub use mail::{Mail, compose};
pub use send::notify;
