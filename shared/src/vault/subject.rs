//! Whom personal data is about.

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::EmailHash;
use crate::id::{CartId, CustomerId, StaffId};

/// How long the key of a cart is kept of which nobody says whose it is. Six times as long as the cart lives after its
/// last change; one that is still without an email address then forgets the address that it has.
const CART_KEY_KEPT: SignedDuration = SignedDuration::from_hours(180 * 24);

/// Somebody whose data is sealed under one key, and erased with it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A shopper with an account.
    Customer(CustomerId),
    /// A shopper without one, known by the email address.
    Guest(EmailHash),
    /// Somebody who works for the store.
    Staff(StaffId),
    /// Somebody of whom a cart has an address, and nothing that tells who it is.
    Cart(CartId),
}

impl Subject {
    /// Whether there can be a new key after the old one was destroyed. A guest may come back to shop, and is a new
    /// person then; an account that was erased stays erased.
    pub(super) fn may_return(self) -> bool {
        matches!(self, Self::Guest(_))
    }

    /// When DynamoDB forgets a key that is made `now`, in seconds since 1970; never, for people.
    pub(super) fn key_expires(self, now: Timestamp) -> Option<i64> {
        matches!(self, Self::Cart(_)).then(|| (now + CART_KEY_KEPT).as_second())
    }
}

/// The id, whose prefix tells the kind.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Customer(id) => id.fmt(f),
            Self::Guest(hash) => write!(f, "guest_{hash}"),
            Self::Staff(id) => id.fmt(f),
            Self::Cart(id) => id.fmt(f),
        }
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Whoever has the hash can tell whether two orders are one person's.
            Self::Guest(_) => f.write_str("guest_…"),
            other => other.fmt(f),
        }
    }
}

impl FromStr for Subject {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if let Some(hash) = text.strip_prefix("guest_") {
            return hash.parse().map(Self::Guest);
        }
        let customer = text.parse().map(Self::Customer);
        let staff = || text.parse().map(Self::Staff);
        let cart = || text.parse().map(Self::Cart);
        customer.or_else(|_| staff()).or_else(|_| cart()).map_err(|_| ())
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|()| D::Error::custom("must name a person"))
    }
}
