//! The sandbox: a payment provider for test mode that moves no money.
//!
//! It answers to Stripe's published test payment methods with the outcomes their names say, and to some of its own,
//! `pm_souk_…`, with what card networks do on bad days. It keeps its payments in the state table, each change
//! conditional on the version before, so that it counts for itself what was taken, whoever asks however often.

mod notice;

use std::time::Duration;

use async_trait::async_trait;
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    Decline, Method, Notification, NotificationError, PaymentKey, Provider, ProviderError, ProviderPayment,
    ProviderStatus,
};
use crate::{
    id::OrderId,
    money::Money,
    runtime::App,
    store::{self, Key, Write, WriteError, keys},
    tenant::Tenant,
};

pub use notice::{SIGNATURE, SandboxNotice};

/// Its name, as in the address of its notifications.
pub const SANDBOX: &str = "sandbox";

/// How long a late answer takes.
const LATE: SignedDuration = SignedDuration::from_secs(20);

/// How often an operation is tried again that met another one on the same payment.
const TRIES: u32 = 8;

/// What a test payment method does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behavior {
    Succeed,
    Decline(&'static str, &'static str),
    /// Does `then`, but the first answer is lost.
    LoseAnswer(Outcome),
    /// Decides after [`LATE`].
    Late(Outcome),
    /// Never answers and never acts.
    Silent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Succeed,
    Decline,
}

const GENERIC: (&str, &str) = ("generic_decline", "Your card was declined.");

/// <https://docs.stripe.com/testing>
fn behavior(method: &Method) -> Option<Behavior> {
    use Behavior::{Decline, Late, LoseAnswer, Silent, Succeed};
    let name = method.as_str();
    // Stripe names some of the declines with the network, some without.
    let declines = |rest: &&str| rest.starts_with("chargeDeclined");
    let plain =
        name.strip_prefix("pm_card_").map(|rest| rest.strip_prefix("visa_").filter(declines).unwrap_or(rest));
    Some(match (name, plain) {
        (
            _,
            Some(
                "visa" | "visa_debit" | "mastercard" | "mastercard_debit" | "mastercard_prepaid" | "amex"
                | "discover" | "diners" | "jcb" | "unionpay" | "riskLevelElevated" | "bypassPending"
                | "createDispute",
            ),
        ) => Succeed,
        (_, Some("chargeDeclined")) => Decline(GENERIC.0, GENERIC.1),
        (_, Some("chargeDeclinedInsufficientFunds")) => {
            Decline("insufficient_funds", "Your card has insufficient funds.")
        }
        (_, Some("chargeDeclinedLostCard")) => Decline("lost_card", "Your card was declined."),
        (_, Some("chargeDeclinedStolenCard")) => Decline("stolen_card", "Your card was declined."),
        (_, Some("chargeDeclinedExpiredCard")) => Decline("expired_card", "Your card has expired."),
        (_, Some("chargeDeclinedIncorrectCvc")) => {
            Decline("incorrect_cvc", "Your card's security code is incorrect.")
        }
        (_, Some("chargeDeclinedProcessingError")) => Decline(
            "processing_error",
            "An error occurred while processing your card. Try again in a little while.",
        ),
        (_, Some("chargeDeclinedVelocityLimitExceeded")) => Decline(
            "card_velocity_exceeded",
            "Your card was declined for making repeated attempts too frequently.",
        ),
        (_, Some("chargeDeclinedFraudulent" | "radarBlock")) => {
            Decline("fraudulent", "Your card was declined.")
        }
        (_, Some("authenticationRequired" | "authenticationRequiredOnSetup" | "threeDSecure2Required")) => {
            Decline(
                "authentication_required",
                "Your card needs authentication, which this store can't ask for yet.",
            )
        }
        ("pm_souk_answer_lost", _) => LoseAnswer(Outcome::Succeed),
        ("pm_souk_answer_lost_declined", _) => LoseAnswer(Outcome::Decline),
        ("pm_souk_late", _) => Late(Outcome::Succeed),
        ("pm_souk_late_declined", _) => Late(Outcome::Decline),
        ("pm_souk_silent", _) => Silent,
        _ => return None,
    })
}

/// Whether the sandbox takes this method.
pub(super) fn knows(method: &Method) -> bool {
    behavior(method).is_some()
}

/// A payment as the sandbox keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Payment {
    status: ProviderStatus,
    amount: Money,
    captured: i64,
    refunded: i64,
    decline: Option<Decline>,
    /// How often money was taken. Never above 1, which is the promise.
    captures: u32,
    /// While processing: when it will be decided, and how.
    decided: Option<(Timestamp, Outcome)>,
    revision: u32,
}

impl Payment {
    fn new(amount: Money, status: ProviderStatus) -> Self {
        Self {
            status,
            amount,
            captured: 0,
            refunded: 0,
            decline: None,
            captures: 0,
            decided: None,
            revision: 1,
        }
    }

    fn decided_as(amount: Money, outcome: Outcome) -> Self {
        match outcome {
            Outcome::Succeed => Self::new(amount, ProviderStatus::Authorized),
            Outcome::Decline => Self::declined(amount, GENERIC.0, GENERIC.1),
        }
    }

    fn declined(amount: Money, code: &str, message: &str) -> Self {
        let decline = Some(Decline { code: code.to_owned(), message: message.to_owned() });
        Self { decline, ..Self::new(amount, ProviderStatus::Declined) }
    }

    /// As it is at `now`: what was to be decided by then is.
    fn at(self, now: Timestamp) -> Self {
        match self.decided {
            Some((when, outcome)) if self.status == ProviderStatus::Processing && when <= now => {
                Self { revision: self.revision, ..Self::decided_as(self.amount, outcome) }
            }
            _ => self,
        }
    }

    fn shown(self, key: PaymentKey) -> ProviderPayment {
        ProviderPayment {
            status: self.status,
            captured: Money::new(self.captured, self.amount.currency()),
            refunded: Money::new(self.refunded, self.amount.currency()),
            amount: self.amount,
            decline: self.decline,
            reference: format!("sandbox_{}", key.0),
        }
    }
}

/// The sandbox, on behalf of one tenant.
#[derive(Clone, Debug)]
pub struct Sandbox {
    app: App,
    tenant: Tenant,
}

impl Sandbox {
    /// The sandbox of `tenant`.
    pub fn new(app: App, tenant: Tenant) -> Self {
        Self { app, tenant }
    }

    fn key(&self, payment: PaymentKey) -> Key {
        keys::sandbox_payment(self.tenant, &payment.0.to_string())
    }

    async fn load(&self, key: PaymentKey) -> Result<Option<Payment>, ProviderError> {
        let found: Option<Payment> =
            store::get(&self.app, "payment", &self.key(key)).await.map_err(unknown)?;
        Ok(found.map(|payment| payment.at(self.app.now())))
    }

    /// Changes a payment by `step`, which says what it becomes, or nothing where it stays. Two changes at once happen
    /// one after the other.
    async fn change(
        &self,
        key: PaymentKey,
        step: impl Fn(Option<Payment>) -> Result<Option<Payment>, ProviderError> + Send + Sync,
    ) -> Result<ProviderPayment, ProviderError> {
        for attempt in 0..TRIES {
            let before = self.load(key).await?;
            let revision = before.as_ref().map(|payment| payment.revision);
            let Some(mut after) = step(before.clone())? else {
                let payment = before.ok_or_else(|| ProviderError::Unknown("no such payment".to_owned()))?;
                return Ok(payment.shown(key));
            };
            after.revision = revision.unwrap_or(0) + 1;
            let write = match revision {
                None => Write::create("payment", self.key(key), &after).map_err(unknown)?,
                Some(read) => Write::put("payment", self.key(key), &after)
                    .map_err(unknown)?
                    .when("revision = :read")
                    .number(":read", read),
            };
            match store::commit(&self.app, vec![write]).await {
                Ok(()) => return Ok(after.shown(key)),
                Err(WriteError::Refused(_)) => {
                    let most = 5_u64 << attempt;
                    tokio::time::sleep(Duration::from_millis(self.app.entropy().below(most))).await;
                }
                Err(WriteError::Store(error)) => return Err(unknown(error)),
            }
        }
        Err(ProviderError::Unknown("the payment keeps changing".to_owned()))
    }

    /// When the provider will decide on the payment of `order`, where it has not yet: then it notifies the store.
    ///
    /// # Errors
    /// [`ProviderError`] where its payments can't be read.
    pub async fn decides_at(&self, order: OrderId) -> Result<Option<Timestamp>, ProviderError> {
        let payment = self.load(PaymentKey(order)).await?;
        let undecided = payment.filter(|payment| payment.status == ProviderStatus::Processing);
        Ok(undecided.and_then(|payment| payment.decided).map(|(when, _)| when))
    }
}

fn unknown(error: impl std::fmt::Display) -> ProviderError {
    ProviderError::Unknown(error.to_string())
}

fn lost() -> ProviderError {
    ProviderError::Unknown("the sandbox lost its answer, as this method asks it to".to_owned())
}

#[async_trait]
impl Provider for Sandbox {
    fn name(&self) -> &'static str {
        SANDBOX
    }

    async fn authorize(
        &self,
        key: PaymentKey,
        amount: Money,
        method: &Method,
    ) -> Result<ProviderPayment, ProviderError> {
        let behavior = behavior(method).ok_or_else(|| unknown("no such payment method"))?;
        let now = self.app.now();
        let first = match behavior {
            Behavior::Silent => return Err(ProviderError::Unknown("the sandbox stays silent".to_owned())),
            Behavior::Succeed => Payment::decided_as(amount, Outcome::Succeed),
            Behavior::Decline(code, message) => Payment::declined(amount, code, message),
            Behavior::LoseAnswer(outcome) => Payment::decided_as(amount, outcome),
            Behavior::Late(outcome) => Payment {
                decided: Some((now + LATE, outcome)),
                ..Payment::new(amount, ProviderStatus::Processing)
            },
        };
        let known = std::sync::atomic::AtomicBool::new(false);
        let payment = self
            .change(key, |before| {
                known.store(before.is_some(), std::sync::atomic::Ordering::Relaxed);
                Ok(before.is_none().then(|| first.clone()))
            })
            .await?;
        if matches!(behavior, Behavior::LoseAnswer(_)) && !known.into_inner() {
            return Err(lost());
        }
        Ok(payment)
    }

    async fn capture(&self, key: PaymentKey) -> Result<ProviderPayment, ProviderError> {
        self.change(key, |before| match before {
            Some(payment) if payment.status == ProviderStatus::Authorized => Ok(Some(Payment {
                status: ProviderStatus::Captured,
                captured: payment.amount.amount(),
                captures: payment.captures + 1,
                ..payment
            })),
            Some(payment) if payment.status == ProviderStatus::Captured => Ok(None),
            Some(payment) => Err(ProviderError::NotNow(payment.status)),
            None => Err(unknown("no such payment")),
        })
        .await
    }

    async fn void(&self, key: PaymentKey, amount: Money) -> Result<ProviderPayment, ProviderError> {
        self.change(key, |before| match before {
            None => Ok(Some(Payment::new(amount, ProviderStatus::Voided))),
            Some(payment) => match payment.status {
                ProviderStatus::Processing | ProviderStatus::Authorized => {
                    Ok(Some(Payment { status: ProviderStatus::Voided, decided: None, ..payment }))
                }
                ProviderStatus::Voided | ProviderStatus::Declined => Ok(None),
                status => Err(ProviderError::NotNow(status)),
            },
        })
        .await
    }

    async fn refund(&self, key: PaymentKey) -> Result<ProviderPayment, ProviderError> {
        self.change(key, |before| match before {
            Some(payment) if payment.status == ProviderStatus::Captured => {
                Ok(Some(Payment { status: ProviderStatus::Refunded, refunded: payment.captured, ..payment }))
            }
            Some(payment) if payment.status == ProviderStatus::Refunded => Ok(None),
            Some(payment) => Err(ProviderError::NotNow(payment.status)),
            None => Err(unknown("no such payment")),
        })
        .await
    }

    async fn find(&self, key: PaymentKey) -> Result<Option<ProviderPayment>, ProviderError> {
        Ok(self.load(key).await?.map(|payment| payment.shown(key)))
    }

    async fn parse_notification(
        &self,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Notification, NotificationError> {
        self.read_notice(headers, body).await
    }
}

#[cfg(test)]
mod tests;
