//! Shoppers with an account.

mod access;
mod model;
mod recovery;
mod registration;
mod storage;
mod view;

pub use access::{LogIn, log_in, wrong};
pub use model::{
    ChangeCustomer, ChangePassword, Customer, Erased, ListCustomers, ManageCustomer, NewCustomer, Profile,
};
pub use recovery::{NewPassword, Verification, ask_to_reset, ask_to_verify, reset, verify};
pub use registration::register;
pub(crate) use storage::replace;
pub use storage::{after, by_email, change, change_password, list, load, manage, own, profile, seen};
pub use view::CustomerView;
