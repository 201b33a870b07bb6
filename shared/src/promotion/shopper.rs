//! Whose uses are counted.

use std::fmt;

use crate::{id::CustomerId, vault::EmailHash};

/// Whose uses of a promotion are counted: a customer's, else those of a guest's email address, of which only a keyed
/// hash is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shopper {
    /// Somebody with an account.
    Customer(CustomerId),
    /// Somebody without.
    Guest(EmailHash),
}

impl Shopper {
    /// Who that is, as far as it is known.
    pub fn of(customer: Option<CustomerId>, email: Option<EmailHash>) -> Option<Self> {
        customer.map(Self::Customer).or(email.map(Self::Guest))
    }
}

/// As keys have it.
impl fmt::Display for Shopper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Customer(id) => id.fmt(f),
            Self::Guest(hash) => hash.fmt(f),
        }
    }
}
