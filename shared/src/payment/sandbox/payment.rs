//! A payment as the sandbox keeps it, and what may become of it. Pure.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    LATE,
    methods::{self, GENERIC, Outcome},
};
use crate::{
    id::RefundId,
    money::Money,
    payment::{
        ClientSecret, Decline, DisputeStatus, NextAction, PaymentKey, ProviderDispute, ProviderError,
        ProviderName, ProviderPayment, ProviderRefund, ProviderStatus, RefundStatus,
    },
    store::keys,
};

/// How long a bank takes to decide on a dispute.
const DISPUTE: SignedDuration = SignedDuration::from_mins(2);

/// Money that is given back, as the sandbox keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Refund {
    id: RefundId,
    amount: i64,
    asked_at: Timestamp,
}

/// A payment as the sandbox keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Payment {
    pub status: ProviderStatus,
    pub amount: Money,
    pub captured: i64,
    pub refunded: i64,
    #[serde(default)]
    pub refunds: Vec<Refund>,
    pub decline: Option<Decline>,
    /// How often money was taken. Never above 1, which is the promise.
    pub captures: u32,
    /// While processing: when it will be decided, and how.
    pub decided: Option<(Timestamp, Outcome)>,
    /// What it is paid with: some methods have consequences later.
    #[serde(default)]
    pub method: Option<String>,
    /// While the shopper must do something: what their browser has to show.
    #[serde(default)]
    pub secret: Option<ClientSecret>,
    #[serde(default)]
    pub captured_at: Option<Timestamp>,
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
            method: None,
            secret: None,
            captured_at: None,
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

    /// As it is at `now`: what was to be decided by then is, and a refund that failed is the store's money again.
    pub fn at(self, now: Timestamp) -> Self {
        let mut payment = match self.decided {
            Some((when, outcome)) if self.status == ProviderStatus::Processing && when <= now => {
                let (revision, method) = (self.revision, self.method);
                Self { revision, method, ..Self::decided_as(self.amount, outcome) }
            }
            _ => self,
        };
        if matches!(payment.status, ProviderStatus::Captured | ProviderStatus::Refunded) {
            let stands = |refund: &&Refund| payment.refund_status(refund, now) != RefundStatus::Failed;
            payment.refunded = payment.refunds.iter().filter(stands).map(|refund| refund.amount).sum();
            let all = payment.refunded == payment.captured;
            payment.status = if all { ProviderStatus::Refunded } else { ProviderStatus::Captured };
        }
        payment
    }

    /// When something about it changes next that nobody asks for.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let decided =
            self.decided.filter(|_| self.status == ProviderStatus::Processing).map(|(when, _)| when);
        let (first, then) = methods::refund(self.method());
        let refunds = self.refunds.iter().filter(|_| first != then).map(|refund| refund.asked_at + LATE);
        let disputed = self.captured_at.filter(|_| methods::dispute(self.method()).is_some());
        let disputes = disputed.into_iter().flat_map(|at| [at + LATE, at + LATE + DISPUTE]);
        decided.into_iter().chain(refunds).chain(disputes).filter(|at| *at > now).min()
    }

    fn method(&self) -> &str {
        self.method.as_deref().unwrap_or_default()
    }

    fn refund_status(&self, refund: &Refund, now: Timestamp) -> RefundStatus {
        let (first, then) = methods::refund(self.method());
        if refund.asked_at + LATE <= now { then } else { first }
    }

    /// The shopper proved who they are, or failed to.
    pub fn confirm(self, outcome: Outcome) -> Change {
        match (self.status, outcome) {
            (ProviderStatus::RequiresAction, Outcome::Succeed) => {
                Ok(Some(Self { status: ProviderStatus::Authorized, secret: None, ..self }))
            }
            (ProviderStatus::RequiresAction, Outcome::Decline) => {
                let code = "payment_intent_authentication_failure";
                let declined =
                    Self::declined(self.amount, code, "We are unable to authenticate your payment method.");
                Ok(Some(Self { method: self.method, ..declined }))
            }
            _ => Ok(None),
        }
    }

    /// Takes `amount` of what is held, and lets go of the rest.
    pub fn capture(self, amount: Money, now: Timestamp) -> Change {
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
                let (captured, captured_at) = (amount.amount(), Some(now));
                Ok(Some(Self { status, captured, captured_at, captures, ..self }))
            }
            ProviderStatus::Captured if amount == self.money(self.captured) => Ok(None),
            status => Err(ProviderError::NotNow(status)),
        }
    }

    /// Lets go of what is held, or may yet be.
    pub fn void(self) -> Change {
        match self.status {
            ProviderStatus::Processing | ProviderStatus::RequiresAction | ProviderStatus::Authorized => {
                Ok(Some(Self { status: ProviderStatus::Voided, decided: None, secret: None, ..self }))
            }
            ProviderStatus::Voided | ProviderStatus::Declined => Ok(None),
            status => Err(ProviderError::NotNow(status)),
        }
    }

    /// Gives back `amount` under `id`, once.
    pub fn refund(mut self, id: RefundId, amount: Money, now: Timestamp) -> Change {
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
        self.refunds.push(Refund { id, amount: amount.amount(), asked_at: now });
        if self.refunded == self.captured {
            self.status = ProviderStatus::Refunded;
        }
        Ok(Some(self))
    }

    fn money(&self, amount: i64) -> Money {
        Money::new(amount, self.amount.currency())
    }

    /// What it costs the store: 1.5 % and a quarter of a hundred minor units, as cards do somewhere.
    fn fee(&self) -> Option<Money> {
        let share = self.captured.checked_mul(15).map(|share| share / 1000)?;
        (self.captures > 0).then(|| self.money(share.saturating_add(25).min(self.captured)))
    }

    fn dispute(&self, key: PaymentKey, now: Timestamp) -> Option<ProviderDispute> {
        let outcome = methods::dispute(self.method())?;
        let opened = self.captured_at? + LATE;
        let status = if opened + DISPUTE <= now { outcome } else { DisputeStatus::NeedsResponse };
        let reference = format!("sandbox_{key}_dispute");
        let fee = Some(self.money(1500));
        (opened <= now).then(|| ProviderDispute { reference, amount: self.money(self.captured), fee, status })
    }

    /// As a provider tells it at `now`, which [`Payment::at`] was told too.
    pub fn shown(self, key: PaymentKey, now: Timestamp) -> ProviderPayment {
        let refund = |refund: &Refund| ProviderRefund {
            id: refund.id,
            amount: self.money(refund.amount),
            status: self.refund_status(refund, now),
        };
        let action = self.secret.clone().map(|client_secret| NextAction {
            kind: ProviderName::Sandbox.to_string(),
            client_secret,
            publishable_key: None,
        });
        ProviderPayment {
            key: Some(key),
            status: self.status,
            captured: self.money(self.captured),
            refunded: self.money(self.refunded),
            amount: self.amount,
            refunds: self.refunds.iter().map(refund).collect(),
            fee: self.fee(),
            disputes: self.dispute(key, now).into_iter().collect(),
            action,
            fingerprint: self.method.as_deref().map(fingerprint),
            decline: self.decline,
            reference: format!("sandbox_{key}"),
        }
    }
}

/// What tells the card of a method from others.
pub(super) fn fingerprint(method: &str) -> String {
    keys::hash(&[method.as_bytes()])[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

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
                    Step::Capture(amount) => payment.clone().capture(euros(amount), NOW),
                    Step::Void => payment.clone().void(),
                    Step::Refund(id, amount) => payment.clone().refund(RefundId::from_bits(id), euros(amount), NOW),
                };
                payment = change.ok().flatten().unwrap_or(before);
                prop_assert!(payment.captures <= 1);
                prop_assert!((0..=100).contains(&payment.captured));
                prop_assert!((0..=payment.captured).contains(&payment.refunded));
                let given: i64 = payment.refunds.iter().map(|refund| refund.amount).sum();
                prop_assert_eq!(given, payment.refunded);
                prop_assert!(payment.captured == 0 || payment.status != ProviderStatus::Voided);
            }
        }
    }

    #[test]
    fn a_part_is_taken_once_and_given_back_in_parts() {
        let held = Payment::new(euros(100), ProviderStatus::Authorized);
        let taken = held.capture(euros(60), NOW).unwrap().unwrap();
        assert!(taken.clone().capture(euros(60), NOW).unwrap().is_none());
        assert_eq!(
            taken.clone().capture(euros(40), NOW).unwrap_err(),
            ProviderError::NotNow(ProviderStatus::Captured)
        );
        let (one, two) = (RefundId::from_bits(1), RefundId::from_bits(2));
        let part = taken.refund(one, euros(20), NOW).unwrap().unwrap();
        assert!(
            part.clone().refund(one, euros(20), NOW).unwrap().is_none(),
            "the same refund gives back once"
        );
        assert_eq!(part.status, ProviderStatus::Captured);
        assert_eq!(
            part.clone().refund(two, euros(41), NOW).unwrap_err(),
            ProviderError::TooMuch { left: euros(40) }
        );
        let all = part.refund(two, euros(40), NOW).unwrap().unwrap();
        assert_eq!((all.status, all.refunded), (ProviderStatus::Refunded, 60));
    }

    fn taken(method: &str) -> Payment {
        let held = Payment {
            method: Some(method.to_owned()),
            ..Payment::new(euros(100), ProviderStatus::Authorized)
        };
        held.capture(euros(100), NOW).unwrap().unwrap()
    }

    fn seen(payment: &Payment, seconds: i64) -> ProviderPayment {
        let now = NOW + SignedDuration::from_secs(seconds);
        payment.clone().at(now).shown(PaymentKey::of(crate::id::OrderId::from_bits(1)), now)
    }

    #[test]
    fn a_dispute_opens_and_is_decided_as_time_passes() {
        for (method, end) in
            [("pm_card_createDispute", DisputeStatus::Lost), ("pm_souk_dispute_won", DisputeStatus::Won)]
        {
            let payment = taken(method);
            let status = |seconds| seen(&payment, seconds).disputes.first().map(|dispute| dispute.status);
            assert_eq!(status(19), None);
            assert_eq!(status(20), Some(DisputeStatus::NeedsResponse));
            assert_eq!(status(139), Some(DisputeStatus::NeedsResponse));
            assert_eq!(status(140), Some(end));
            let changes = |seconds| {
                payment.next_change(NOW + SignedDuration::from_secs(seconds)).map(Timestamp::as_second)
            };
            assert_eq!((changes(0), changes(20), changes(140)), (Some(20), Some(140), None));
        }
    }

    #[test]
    fn a_refund_may_take_its_time_or_fail() {
        let back = |method| taken(method).refund(RefundId::from_bits(1), euros(100), NOW).unwrap().unwrap();
        let (late, failing) = (back("pm_card_pendingRefund"), back("pm_card_refundFail"));
        let status = |payment, seconds| seen(payment, seconds).refunds[0].status;
        assert_eq!((status(&late, 0), status(&late, 20)), (RefundStatus::Pending, RefundStatus::Succeeded));
        assert_eq!(seen(&failing, 0).status, ProviderStatus::Refunded);
        let failed = seen(&failing, 20);
        assert_eq!(
            (failed.refunds[0].status, failed.status),
            (RefundStatus::Failed, ProviderStatus::Captured)
        );
        assert_eq!((failed.refunded, failed.kept()), (euros(0), euros(100)));
    }

    #[test]
    fn a_shopper_proves_who_they_are_once() {
        let waiting = Payment {
            secret: Some(ClientSecret("s".to_owned())),
            ..Payment::new(euros(100), ProviderStatus::RequiresAction)
        };
        let held = waiting.clone().confirm(Outcome::Succeed).unwrap().unwrap();
        assert_eq!((held.status, &held.secret), (ProviderStatus::Authorized, &None));
        assert!(held.confirm(Outcome::Decline).unwrap().is_none());
        let refused = waiting.clone().confirm(Outcome::Decline).unwrap().unwrap();
        assert_eq!(refused.status, ProviderStatus::Declined);
        let voided = waiting.void().unwrap().unwrap();
        assert!(voided.confirm(Outcome::Succeed).unwrap().is_none());
    }
}
