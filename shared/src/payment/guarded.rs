//! A provider as the saga asks it: again after a failure, a few times, and not at all while it is out of order.

use std::time::Duration;

use async_trait::async_trait;
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};

use super::{
    Charge, Method, Notification, NotificationError, PaymentKey, Provider, ProviderError, ProviderName,
    ProviderPage, ProviderPayment, SavedMethod,
    breaker::{self, Admission},
};
use crate::{
    id::{CustomerId, RefundId},
    money::Money,
    runtime::App,
    tenant::Tenant,
};

/// How often one question is asked at most.
const TRIES: u32 = 3;

/// How long the asking may take before it is given up for now. The sweeper asks again later.
const PATIENCE: SignedDuration = SignedDuration::from_secs(8);

/// The first pause is a random part of this; each further one of twice as much, at most [`LONGEST_PAUSE`].
const FIRST_PAUSE: u64 = 200;
const LONGEST_PAUSE: u64 = 2000;

/// A provider that is asked with care.
pub(super) struct Guarded {
    app: App,
    tenant: Tenant,
    inner: Box<dyn Provider>,
    /// Whether its failures are shared. The sandbox fails because it was told to.
    breaks: bool,
}

impl Guarded {
    pub fn new(app: &App, tenant: Tenant, inner: impl Provider + 'static) -> Self {
        let breaks = inner.name() != ProviderName::Sandbox;
        Self { app: app.clone(), tenant, inner: Box::new(inner), breaks }
    }

    /// Asks, with `TRIES` and the breaker. Where the breaker itself fails, the provider is asked: the breaker spares a
    /// provider calls, and what makes calls safe is elsewhere.
    async fn ask<T, F: Future<Output = Result<T, ProviderError>>>(
        &self,
        question: impl Fn() -> F,
    ) -> Result<T, ProviderError> {
        let (app, tenant, name) = (&self.app, self.tenant, self.inner.name());
        let mut admission = Admission::Pass;
        if self.breaks {
            admission = breaker::admission(app, tenant, name).await.unwrap_or(Admission::Pass);
        }
        if admission == Admission::Shut {
            return Err(ProviderError::Unavailable("it failed too often a moment ago".to_owned()));
        }
        let outcome = self.tried(question, if admission == Admission::Probe { 1 } else { TRIES }).await;
        if self.breaks {
            let noted = match (is_failure(&outcome), admission) {
                (true, _) => breaker::failed(app, tenant, name).await,
                (false, Admission::Probe) => breaker::recovered(app, tenant, name).await,
                (false, _) => Ok(()),
            };
            if let Err(error) = noted {
                tracing::warn!(%error, "the breaker can't be written");
            }
        }
        outcome
    }

    async fn tried<T, F: Future<Output = Result<T, ProviderError>>>(
        &self,
        question: impl Fn() -> F,
        tries: u32,
    ) -> Result<T, ProviderError> {
        let begun = self.app.now();
        let mut outcome = question().await;
        for attempt in 1..tries {
            if !is_failure(&outcome) || self.app.now().duration_since(begun) >= PATIENCE {
                break;
            }
            let most = (FIRST_PAUSE << (attempt - 1)).min(LONGEST_PAUSE);
            tokio::time::sleep(Duration::from_millis(self.app.entropy().below(most) + 1)).await;
            outcome = question().await;
        }
        outcome
    }
}

/// Whether it was the provider that failed, and not the payment.
fn is_failure<T>(outcome: &Result<T, ProviderError>) -> bool {
    matches!(outcome, Err(ProviderError::Unknown(_) | ProviderError::Unavailable(_)))
}

#[async_trait]
impl Provider for Guarded {
    fn name(&self) -> ProviderName {
        self.inner.name()
    }

    async fn authorize(
        &self,
        key: PaymentKey,
        charge: &Charge<'_>,
    ) -> Result<ProviderPayment, ProviderError> {
        self.ask(|| self.inner.authorize(key, charge)).await
    }

    async fn capture(&self, key: PaymentKey, amount: Money) -> Result<ProviderPayment, ProviderError> {
        self.ask(|| self.inner.capture(key, amount)).await
    }

    /// Asked whether the provider is out of order or not: where it was never asked to hold anything, it need not be
    /// asked to let go.
    async fn void(&self, key: PaymentKey, amount: Money) -> Result<ProviderPayment, ProviderError> {
        self.tried(|| self.inner.void(key, amount), 2).await
    }

    async fn refund(
        &self,
        key: PaymentKey,
        refund: RefundId,
        amount: Money,
    ) -> Result<ProviderPayment, ProviderError> {
        self.ask(|| self.inner.refund(key, refund, amount)).await
    }

    async fn find(&self, key: PaymentKey) -> Result<Option<ProviderPayment>, ProviderError> {
        self.ask(|| self.inner.find(key)).await
    }

    async fn card(&self, method: &Method) -> Result<Option<String>, ProviderError> {
        self.ask(|| self.inner.card(method)).await
    }

    async fn saved(&self, customer: CustomerId) -> Result<Vec<SavedMethod>, ProviderError> {
        self.ask(|| self.inner.saved(customer)).await
    }

    async fn remove_saved(&self, customer: CustomerId, method: &Method) -> Result<bool, ProviderError> {
        self.ask(|| self.inner.remove_saved(customer, method)).await
    }

    async fn forget(&self, customer: CustomerId) -> Result<(), ProviderError> {
        self.ask(|| self.inner.forget(customer)).await
    }

    async fn payments_since(
        &self,
        from: Timestamp,
        cursor: Option<String>,
    ) -> Result<ProviderPage, ProviderError> {
        self.ask(|| self.inner.payments_since(from, cursor.clone())).await
    }

    async fn parse_notification(
        &self,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Option<Notification>, NotificationError> {
        self.inner.parse_notification(headers, body).await
    }
}
