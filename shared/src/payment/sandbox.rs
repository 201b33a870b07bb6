//! The sandbox: a payment provider for test mode that moves no money.
//!
//! It answers to Stripe's published test payment methods with the outcomes their names say, and to some of its own,
//! `pm_souk_…`, with what card networks do on bad days. It keeps its payments in the state table, each change
//! conditional on the version before, so that it counts for itself what was taken, whoever asks however often.

mod methods;
mod notice;
mod payment;

use std::time::Duration;

use async_trait::async_trait;
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{
    Charge, ClientSecret, Method, Notification, NotificationError, PaymentKey, Provider, ProviderError,
    ProviderName, ProviderPage, ProviderPayment, ProviderStatus, SavedMethod,
};
use crate::{
    id::{CustomerId, RefundId},
    money::Money,
    runtime::App,
    store::{self, Key, Query, Write, WriteError, keys},
    tenant::Tenant,
    text::hex,
};
use methods::{Behavior, Outcome, behavior};
use payment::{Change, Payment};

pub(super) use methods::knows;
pub use notice::{SIGNATURE, SandboxNotice};

/// Its name, as in the address of its notifications.
pub const SANDBOX: &str = ProviderName::Sandbox.as_str();

/// How long a late answer takes.
const LATE: SignedDuration = SignedDuration::from_secs(20);

/// How often an operation is tried again that met another one on the same payment.
const TRIES: u32 = 8;

/// How many payments a page has.
const PAGE: usize = 50;

/// That a payment was first asked for on a day.
#[derive(Debug, Serialize, Deserialize)]
struct DayEntry {
    payment: PaymentKey,
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
        keys::sandbox_payment(self.tenant, &payment.to_string())
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
        step: impl Fn(Option<Payment>) -> Change + Send + Sync,
    ) -> Result<ProviderPayment, ProviderError> {
        for attempt in 0..TRIES {
            let before = self.load(key).await?;
            let revision = before.as_ref().map(|payment| payment.revision);
            let Some(mut after) = step(before.clone())? else {
                let payment = before.ok_or_else(|| ProviderError::Unknown("no such payment".to_owned()))?;
                return Ok(payment.shown(key, self.app.now()));
            };
            after.revision = revision.unwrap_or(0) + 1;
            let write = match revision {
                None => {
                    // First its place in the list, which is not shown before there is a payment.
                    store::commit(&self.app, vec![self.day_entry(key)?]).await.map_err(unknown)?;
                    Write::create("payment", self.key(key), &after).map_err(unknown)?
                }
                Some(read) => Write::put("payment", self.key(key), &after)
                    .map_err(unknown)?
                    .when("revision = :read")
                    .number(":read", read),
            };
            match store::commit(&self.app, vec![write]).await {
                Ok(()) => return Ok(after.shown(key, self.app.now())),
                Err(WriteError::Refused(_)) => {
                    let most = 5_u64 << attempt;
                    tokio::time::sleep(Duration::from_millis(self.app.entropy().below(most))).await;
                }
                Err(WriteError::Store(error)) => return Err(unknown(error)),
            }
        }
        Err(ProviderError::Unknown("the payment keeps changing".to_owned()))
    }

    fn day_entry(&self, key: PaymentKey) -> Result<Write, ProviderError> {
        let now = self.app.now();
        let place = keys::sandbox_day_entry(self.tenant, &day(now), now, &key.to_string());
        Write::put("sandbox_day", place, &DayEntry { payment: key }).map_err(unknown)
    }

    /// When something about a payment changes next that nobody asks for: then the provider notifies the store.
    ///
    /// # Errors
    /// [`ProviderError`] where its payments can't be read.
    pub async fn changes_at(&self, key: PaymentKey) -> Result<Option<Timestamp>, ProviderError> {
        let payment = self.load(key).await?;
        Ok(payment.and_then(|payment| payment.next_change(self.app.now())))
    }
}

fn unknown(error: impl std::fmt::Display) -> ProviderError {
    ProviderError::Unknown(error.to_string())
}

fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).date().to_string()
}

fn day_after(day: &str) -> Option<String> {
    let date: jiff::civil::Date = day.parse().ok()?;
    Some(date.checked_add(1.day()).ok()?.to_string())
}

fn lost() -> ProviderError {
    ProviderError::Unknown("the sandbox lost its answer, as this method asks it to".to_owned())
}

#[async_trait]
impl Provider for Sandbox {
    fn name(&self) -> ProviderName {
        ProviderName::Sandbox
    }

    async fn authorize(
        &self,
        key: PaymentKey,
        charge: &Charge<'_>,
    ) -> Result<ProviderPayment, ProviderError> {
        let amount = charge.amount;
        let behavior = charge.method.and_then(behavior);
        let behavior = behavior.ok_or_else(|| unknown("no such payment method"))?;
        let now = self.app.now();
        let first = match behavior {
            Behavior::Silent => return Err(ProviderError::Unknown("the sandbox stays silent".to_owned())),
            Behavior::Succeed => Payment::decided_as(amount, Outcome::Succeed),
            Behavior::Decline(code, message) => Payment::declined(amount, code, message),
            Behavior::LoseAnswer(outcome) => Payment::decided_as(amount, outcome),
            Behavior::Authenticate => {
                let random: [u8; 16] = self.app.entropy().bytes();
                let secret = Some(ClientSecret(format!("sandbox_{key}_secret_{}", hex(&random))));
                Payment { secret, ..Payment::new(amount, ProviderStatus::RequiresAction) }
            }
            Behavior::Late(outcome) => Payment {
                decided: Some((now + LATE, outcome)),
                ..Payment::new(amount, ProviderStatus::Processing)
            },
        };
        let first = Payment { method: charge.method.map(ToString::to_string), ..first };
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

    async fn capture(&self, key: PaymentKey, amount: Money) -> Result<ProviderPayment, ProviderError> {
        let now = self.app.now();
        self.change(key, |before| before.ok_or_else(no_such_payment)?.capture(amount, now)).await
    }

    async fn void(&self, key: PaymentKey, amount: Money) -> Result<ProviderPayment, ProviderError> {
        self.change(key, |before| match before {
            None => Ok(Some(Payment::new(amount, ProviderStatus::Voided))),
            Some(payment) => payment.void(),
        })
        .await
    }

    async fn refund(
        &self,
        key: PaymentKey,
        refund: RefundId,
        amount: Money,
    ) -> Result<ProviderPayment, ProviderError> {
        let now = self.app.now();
        self.change(key, |before| before.ok_or_else(no_such_payment)?.refund(refund, amount, now)).await
    }

    async fn find(&self, key: PaymentKey) -> Result<Option<ProviderPayment>, ProviderError> {
        Ok(self.load(key).await?.map(|payment| payment.shown(key, self.app.now())))
    }

    /// Each of its methods is a card of its own.
    async fn card(&self, method: &Method) -> Result<Option<String>, ProviderError> {
        Ok(Some(payment::fingerprint(method.as_str())))
    }

    /// It saves nothing: its methods are there for everybody.
    async fn saved(&self, _: CustomerId) -> Result<Vec<SavedMethod>, ProviderError> {
        Ok(Vec::new())
    }

    async fn remove_saved(&self, _: CustomerId, _: &Method) -> Result<bool, ProviderError> {
        Ok(false)
    }

    async fn forget(&self, _: CustomerId) -> Result<(), ProviderError> {
        Ok(())
    }

    /// A cursor is the day, and the place behind which to go on in its list.
    async fn payments_since(
        &self,
        from: Timestamp,
        cursor: Option<String>,
    ) -> Result<ProviderPage, ProviderError> {
        let (date, behind) = match cursor.as_deref().and_then(|cursor| cursor.split_once('|')) {
            Some((date, behind)) => (date.to_owned(), behind.to_owned()),
            None => (day(from), String::new()),
        };
        let list = keys::sandbox_day(self.tenant, &date);
        let query = Query::partition(list.clone()).at_least(format!("{from:.3}")).strongly();
        let after = (!behind.is_empty()).then(|| vec![("pk".to_owned(), list), ("sk".to_owned(), behind)]);
        let page = query
            .page::<DayEntry>(&self.app, "sandbox_day", PAGE, after.as_deref())
            .await
            .map_err(unknown)?;
        let of = |entry: &DayEntry| self.key(entry.payment);
        let keys: Vec<_> = page.items.iter().map(of).collect();
        let found = store::get_many::<Payment>(&self.app, "payment", &keys, true).await.map_err(unknown)?;
        let now = self.app.now();
        let shown =
            |(entry, payment): (&DayEntry, Option<Payment>)| Some(payment?.at(now).shown(entry.payment, now));
        let payments = page.items.iter().zip(found).filter_map(shown).collect();
        let place = page.next.and_then(|key| key.into_iter().find(|(name, _)| name == "sk"));
        let next = match place {
            Some((_, place)) => Some(format!("{date}|{place}")),
            None if date < day(now) => day_after(&date).map(|next| format!("{next}|")),
            None => None,
        };
        Ok(ProviderPage { payments, next })
    }

    async fn parse_notification(
        &self,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Option<Notification>, NotificationError> {
        if let Some(confirmation) = notice::confirmation(body) {
            return Ok(Some(self.confirm(confirmation).await?));
        }
        Ok(Some(self.read_notice(headers, body).await?))
    }
}

fn no_such_payment() -> ProviderError {
    unknown("no such payment")
}

#[cfg(test)]
mod tests;
