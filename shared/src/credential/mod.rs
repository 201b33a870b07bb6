//! Passwords: how they are taken, kept and checked.

mod password;
mod proof;
mod storage;

pub use password::Password;
pub use proof::prove;
pub use storage::{Proven, check, set};
