//! Shoppers with an account.

mod access;
mod model;
mod recovery;
mod registration;
mod storage;
mod view;

pub use access::{LogIn, log_in};
pub use model::{ChangeCustomer, ChangePassword, Customer, ListCustomers, NewCustomer, Profile};
pub use recovery::{NewPassword, Verification, ask_to_reset, ask_to_verify, reset, verify};
pub use registration::register;
pub use storage::{by_email, change, change_password, list, load, profile};
pub use view::CustomerView;
