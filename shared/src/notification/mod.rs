//! Mails to shoppers and staff.

mod link_mail;
mod mail;
mod send;

pub use mail::{Mail, compose};
pub use send::notify;
