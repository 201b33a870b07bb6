//! Mails to shoppers and staff.

mod link_mail;
mod mail;
mod send;

pub use mail::{Mail, ORDER_EVENTS, compose};
pub use send::{Sent, notify, notify_of};
