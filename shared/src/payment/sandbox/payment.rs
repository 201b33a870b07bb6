//! A payment as the sandbox keeps it, and what may become of it. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::methods::{GENERIC, Outcome};
use crate::{
    id::RefundId,
    money::Money,
    payment::{
        Decline, PaymentKey, ProviderError, ProviderPayment, ProviderRefund, ProviderStatus, RefundStatus,
    },
};

/// A payment as the sandbox keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Payment {
    pub status: ProviderStatus,
    pub amount: Money,
    pub captured: i64,
    pub refunded: i64,
    #[serde(default)]
    pub refunds: Vec<ProviderRefund>,
    pub decline: Option<Decline>,
    /// How often money was taken. Never above 1, which is the promise.
    pub captures: u32,
    /// While processing: when it will be decided, and how.
    pub decided: Option<(Timestamp, Outcome)>,
    pub revision: u32,
}

/// What a payment becomes; nothing, where it stays as it is.
pub(super) type Change = Result<Option<Payment>, ProviderError>;

impl Payment {
    pub fn new(amount: Money, status: ProviderStatus) -> Self {
        Self {
            status,
            amount,
            captured: 0,
            refunded: 0,
            refunds: Vec::new(),
            decline: None,
            captures: 0,
            decided: None,
            revision: 1,
        }
    }

    pub fn decided_as(amount: Money, outcome: Outcome) -> Self {
        match outcome {
            Outcome::Succeed => Self::new(amount, ProviderStatus::Authorized),
            Outcome::Decline => Self::declined(amount, GENERIC.0, GENERIC.1),
        }
    }

    pub fn declined(amount: Money, code: &str, message: &str) -> Self {
        let decline = Some(Decline { code: code.to_owned(), message: message.to_owned() });
        Self { decline, ..Self::new(amount, ProviderStatus::Declined) }
    }

    /// As it is at `now`: what was to be decided by then is.
    pub fn at(self, now: Timestamp) -> Self {
        match self.decided {
            Some((when, outcome)) if self.status == ProviderStatus::Processing && when <= now => {
                Self { revision: self.revision, ..Self::decided_as(self.amount, outcome) }
            }
            _ => self,
        }
    }

    /// Takes `amount` of what is held, and lets go of the rest.
    pub fn capture(self, amount: Money) -> Change {
        match self.status {
            ProviderStatus::Authorized => {
                if amount.amount() <= 0
                    || amount.currency() != self.amount.currency()
                    || amount.amount() > self.amount.amount()
                {
                    return Err(ProviderError::TooMuch { left: self.amount });
                }
                let captures = self.captures + 1;
                let status = ProviderStatus::Captured;
                Ok(Some(Self { status, captured: amount.amount(), captures, ..self }))
            }
            ProviderStatus::Captured if amount == self.money(self.captured) => Ok(None),
            status => Err(ProviderError::NotNow(status)),
        }
    }

    /// Lets go of what is held, or may yet be.
    pub fn void(self) -> Change {
        match self.status {
            ProviderStatus::Processing | ProviderStatus::RequiresAction | ProviderStatus::Authorized => {
                Ok(Some(Self { status: ProviderStatus::Voided, decided: None, ..self }))
            }
            ProviderStatus::Voided | ProviderStatus::Declined => Ok(None),
            status => Err(ProviderError::NotNow(status)),
        }
    }

    /// Gives back `amount` under `id`, once.
    pub fn refund(mut self, id: RefundId, amount: Money) -> Change {
        if self.refunds.iter().any(|refund| refund.id == id) {
            return Ok(None);
        }
        if !matches!(self.status, ProviderStatus::Captured | ProviderStatus::Refunded) {
            return Err(ProviderError::NotNow(self.status));
        }
        let left = self.captured - self.refunded;
        if amount.amount() <= 0 || amount.amount() > left || amount.currency() != self.amount.currency() {
            return Err(ProviderError::TooMuch { left: self.money(left) });
        }
        self.refunded += amount.amount();
        self.refunds.push(ProviderRefund { id, amount, status: RefundStatus::Succeeded });
        if self.refunded == self.captured {
            self.status = ProviderStatus::Refunded;
        }
        Ok(Some(self))
    }

    fn money(&self, amount: i64) -> Money {
        Money::new(amount, self.amount.currency())
    }

    pub fn shown(self, key: PaymentKey) -> ProviderPayment {
        ProviderPayment {
            key: Some(key),
            status: self.status,
            captured: self.money(self.captured),
            refunded: self.money(self.refunded),
            amount: self.amount,
            refunds: self.refunds,
            fee: None,
            disputes: Vec::new(),
            action: None,
            fingerprint: None,
            decline: self.decline,
            reference: format!("sandbox_{key}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn euros(amount: i64) -> Money {
        Money::new(amount, "EUR".parse().unwrap())
    }

    #[derive(Clone, Debug)]
    enum Step {
        Capture(i64),
        Void,
        Refund(u128, i64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (-5_i64..130).prop_map(Step::Capture),
            Just(Step::Void),
            (0_u128..6, -5_i64..130).prop_map(|(id, amount)| Step::Refund(id, amount)),
        ]
    }

    proptest! {
        #[test]
        fn whatever_is_asked_no_more_is_taken_than_held_and_no_more_given_back_than_taken(
            steps in proptest::collection::vec(step(), 0..30),
        ) {
            let mut payment = Payment::new(euros(100), ProviderStatus::Authorized);
            for step in steps {
                let before = payment.clone();
                let change = match step {
                    Step::Capture(amount) => payment.clone().capture(euros(amount)),
                    Step::Void => payment.clone().void(),
                    Step::Refund(id, amount) => payment.clone().refund(RefundId::from_bits(id), euros(amount)),
                };
                payment = change.ok().flatten().unwrap_or(before);
                prop_assert!(payment.captures <= 1);
                prop_assert!((0..=100).contains(&payment.captured));
                prop_assert!((0..=payment.captured).contains(&payment.refunded));
                let given: i64 = payment.refunds.iter().map(|refund| refund.amount.amount()).sum();
                prop_assert_eq!(given, payment.refunded);
                prop_assert!(payment.captured == 0 || payment.status != ProviderStatus::Voided);
            }
        }
    }

    #[test]
    fn a_part_is_taken_once_and_given_back_in_parts() {
        let held = Payment::new(euros(100), ProviderStatus::Authorized);
        let taken = held.capture(euros(60)).unwrap().unwrap();
        assert!(taken.clone().capture(euros(60)).unwrap().is_none());
        assert_eq!(
            taken.clone().capture(euros(40)).unwrap_err(),
            ProviderError::NotNow(ProviderStatus::Captured)
        );
        let (one, two) = (RefundId::from_bits(1), RefundId::from_bits(2));
        let part = taken.refund(one, euros(20)).unwrap().unwrap();
        assert!(part.clone().refund(one, euros(20)).unwrap().is_none(), "the same refund gives back once");
        assert_eq!(part.status, ProviderStatus::Captured);
        assert_eq!(
            part.clone().refund(two, euros(41)).unwrap_err(),
            ProviderError::TooMuch { left: euros(40) }
        );
        let all = part.refund(two, euros(40)).unwrap().unwrap();
        assert_eq!((all.status, all.refunded), (ProviderStatus::Refunded, 60));
    }
}
