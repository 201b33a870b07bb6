//! The name of a payment, which is also what it is asked for under.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::id::OrderId;

/// The provider's idempotency key of a payment. An order is one attempt of a cart, so an order and a number are enough.
///
/// Written `ord_…` for an order's own payment, `ord_…-2` and so on for what is charged after an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PaymentKey {
    /// Whose payment it is.
    pub order: OrderId,
    /// 1 is the order's own payment.
    pub number: u32,
}

impl PaymentKey {
    /// The order's own payment.
    pub const fn of(order: OrderId) -> Self {
        Self { order, number: 1 }
    }
}

impl fmt::Display for PaymentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            1 => write!(f, "{}", self.order),
            number => write!(f, "{}-{number}", self.order),
        }
    }
}

/// A text is not the name of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be an order's id, with a number from 2 on behind a hyphen where it is not the order's own payment"
)]
pub struct PaymentKeyError;

impl FromStr for PaymentKey {
    type Err = PaymentKeyError;

    fn from_str(text: &str) -> Result<Self, PaymentKeyError> {
        let (order, number) = match text.split_once('-') {
            None => (text, 1),
            Some((order, digits)) => {
                let number = digits.parse().map_err(|_| PaymentKeyError)?;
                // One payment has one name.
                if number < 2 || digits != format!("{number}") {
                    return Err(PaymentKeyError);
                }
                (order, number)
            }
        };
        Ok(Self { order: order.parse().map_err(|_| PaymentKeyError)?, number })
    }
}

impl Serialize for PaymentKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PaymentKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_has_one_name() {
        let order = OrderId::from_bits(7);
        assert_eq!(PaymentKey::of(order).to_string(), order.to_string());
        for number in [1, 2, 17, u32::MAX] {
            let key = PaymentKey { order, number };
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        for wrong in ["-1", "-0", "-02", "-+2", "-", "-2-3", "-4294967296"] {
            assert_eq!(format!("{order}{wrong}").parse::<PaymentKey>(), Err(PaymentKeyError), "{wrong}");
        }
    }
}
