//! Passwords: how they are taken, kept and checked.

mod password;
mod storage;

pub use password::Password;
pub use storage::{check, set};
