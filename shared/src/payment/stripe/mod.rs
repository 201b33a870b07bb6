//! Stripe: PaymentIntents. <https://docs.stripe.com/payments/payment-intents>
//!
//! Souk never sees a card. The shopper's browser gives it to Stripe, and Souk learns the name of a payment method or
//! nothing at all. Every request that begins something carries an idempotency key that follows from the store, the
//! order and the operation, so that asking again after a lost answer does nothing twice.

mod client;
mod customers;
mod item;
mod minor;
mod operations;
mod secrets;
mod shapes;
#[cfg(test)]
mod tests;
mod view;
mod webhook;

use std::sync::Arc;

use async_trait::async_trait;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::{
    Charge, Method as PaymentMethod, Notification, NotificationError, PaymentKey, Provider, ProviderError,
    ProviderName, ProviderPage, ProviderPayment, SavedMethod,
};
use crate::{
    id::{CustomerId, RefundId},
    money::Money,
    runtime::{App, StartError},
    tenant::{Mode, Tenant},
};
use client::{Answer, Form, call};
use secrets::Secrets;
use shapes::{Dispute, Intent, List, MethodDetails, Refund};

/// Stripe, on behalf of one tenant.
#[derive(Clone, Debug)]
pub struct Stripe {
    app: App,
    tenant: Tenant,
    secrets: Arc<Secrets>,
}

impl Stripe {
    /// Stripe as `tenant` is connected to it; nothing where it is not.
    ///
    /// # Errors
    /// [`StartError`] where the store's secret can't be read, or is of the other mode.
    pub async fn of(app: &App, tenant: Tenant) -> Result<Option<Self>, StartError> {
        let secrets = Secrets::load(app, tenant).await?;
        Ok(secrets.map(|secrets| Self { app: app.clone(), tenant, secrets }))
    }

    /// Why `tenant` can't be paid through Stripe, where it can't: in the words of its staff, and nothing of its keys.
    ///
    /// # Errors
    /// [`StartError`] where Secrets Manager does not say.
    pub async fn missing(app: &App, tenant: Tenant) -> Result<Option<String>, StartError> {
        Ok(Secrets::read(app, tenant).await?.err().map(|fault| fault.to_string()))
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        form: &Form,
        key: Option<&str>,
    ) -> Result<Answer<T>, ProviderError> {
        let answer = call(&self.app, &self.secrets, method, path, form, key).await;
        // Somebody may have rolled the key.
        if matches!(&answer, Err(error) if client::refuses_the_key(error)) {
            Secrets::forget(&self.app, self.tenant);
        }
        answer
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, form: &Form) -> Result<Answer<T>, ProviderError> {
        self.call(Method::GET, path, form, None).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &Form,
        operation: &str,
    ) -> Result<Answer<T>, ProviderError> {
        let key = format!("souk-{}-{}-{operation}", self.tenant.store(), self.tenant.mode());
        self.call(Method::POST, path, form, Some(&key)).await
    }

    /// Changes a payment in a way that a payment changes once, whatever is asked: it is taken once, and canceled once.
    /// No key: under one, Stripe would repeat a refusal for a day that was true for a moment.
    async fn turn(&self, id: &str, how: &str, form: &Form) -> Result<Answer<Intent>, ProviderError> {
        let path = format!("/v1/payment_intents/{id}/{how}");
        self.call(Method::POST, &path, form, None).await
    }

    /// The payment, with what became of it since.
    async fn whole(&self, intent: Intent) -> Result<ProviderPayment, ProviderError> {
        let of = |limit: &str| vec![field("payment_intent", &intent.id), field("limit", limit)];
        let refunds: Vec<Refund> = match intent.status.as_str() {
            "succeeded" => done(self.get::<List<Refund>>("/v1/refunds", &of("100")).await?)?.data,
            _ => Vec::new(),
        };
        let disputes: Vec<Dispute> = if intent.is_disputed() {
            done(self.get::<List<Dispute>>("/v1/disputes", &of("100")).await?)?.data
        } else {
            Vec::new()
        };
        view::payment(intent, &refunds, disputes, &self.secrets)
    }

    /// The PaymentIntent `id`.
    async fn intent(&self, id: &str) -> Result<Intent, ProviderError> {
        done(self.get(&format!("/v1/payment_intents/{id}"), &expanded("")).await?)
    }
}

/// A parameter.
#[expect(clippy::needless_pass_by_value, reason = "numbers are passed as they are")]
fn field(name: &str, value: impl ToString) -> (String, String) {
    (name.to_owned(), value.to_string())
}

/// Has Stripe answer the charge and its fee too, below `prefix`.
fn expanded(prefix: &str) -> Form {
    vec![field("expand[]", format!("{prefix}latest_charge.balance_transaction"))]
}

/// What was answered, where Stripe has no reason to refuse.
fn done<T>(answer: Answer<T>) -> Result<T, ProviderError> {
    match answer {
        Answer::Done(done) => Ok(done),
        Answer::Refused(status, fault) => {
            let code = fault.code.or(fault.kind).unwrap_or_default();
            Err(ProviderError::Unavailable(format!("Stripe answered {}: {code}", status.as_u16())))
        }
    }
}

#[async_trait]
impl Provider for Stripe {
    fn name(&self) -> ProviderName {
        ProviderName::Stripe
    }

    async fn authorize(
        &self,
        key: PaymentKey,
        charge: &Charge<'_>,
    ) -> Result<ProviderPayment, ProviderError> {
        operations::authorize(self, key, charge).await
    }

    async fn capture(&self, key: PaymentKey, amount: Money) -> Result<ProviderPayment, ProviderError> {
        operations::capture(self, key, amount).await
    }

    async fn void(&self, key: PaymentKey, amount: Money) -> Result<ProviderPayment, ProviderError> {
        operations::void(self, key, amount).await
    }

    async fn refund(
        &self,
        key: PaymentKey,
        refund: RefundId,
        amount: Money,
    ) -> Result<ProviderPayment, ProviderError> {
        operations::refund(self, key, refund, amount).await
    }

    async fn find(&self, key: PaymentKey) -> Result<Option<ProviderPayment>, ProviderError> {
        operations::find(self, key).await
    }

    /// <https://docs.stripe.com/api/payment_methods/object>
    async fn card(&self, method: &PaymentMethod) -> Result<Option<String>, ProviderError> {
        let path = format!("/v1/payment_methods/{method}");
        let details: MethodDetails = match self.get(&path, &Form::new()).await? {
            // A method that Stripe does not know is declined when it is charged.
            Answer::Refused(..) => return Ok(None),
            answer => done(answer)?,
        };
        Ok(details.card.and_then(|card| card.fingerprint))
    }

    async fn saved(&self, customer: CustomerId) -> Result<Vec<SavedMethod>, ProviderError> {
        customers::saved(self, customer).await
    }

    async fn remove_saved(
        &self,
        customer: CustomerId,
        method: &PaymentMethod,
    ) -> Result<bool, ProviderError> {
        customers::remove(self, customer, method).await
    }

    async fn forget(&self, customer: CustomerId) -> Result<(), ProviderError> {
        customers::forget(self, customer).await
    }

    /// Newest first, as Stripe lists them. A cursor is Stripe's name of the last payment of the page before.
    async fn payments_since(
        &self,
        from: Timestamp,
        cursor: Option<String>,
    ) -> Result<ProviderPage, ProviderError> {
        let mut form = expanded("data.");
        form.extend([field("limit", 100), field("created[gte]", from.as_second())]);
        form.extend(cursor.map(|last| field("starting_after", last)));
        let list: List<Intent> = done(self.get("/v1/payment_intents", &form).await?)?;
        let next = list.data.last().filter(|_| list.has_more).map(|intent| intent.id.clone());
        let mut payments = Vec::new();
        // The account may be used for more than this store.
        for intent in list.data.into_iter().filter(|intent| self.owns(&intent.metadata)) {
            payments.push(self.whole(intent).await?);
        }
        Ok(ProviderPage { payments, next })
    }

    async fn parse_notification(
        &self,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Option<Notification>, NotificationError> {
        let missing = NotificationError::Unsigned("The header Stripe-Signature is missing.");
        let header = headers.get(webhook::SIGNATURE).and_then(|value| value.to_str().ok()).ok_or(missing)?;
        let now = self.app.now().as_second();
        let event = match webhook::read(header, body, &self.secrets.webhook_secret, now) {
            // Somebody may have rolled the secret.
            Err(NotificationError::Unsigned(told)) => {
                let renewed = Secrets::renewed(&self.app, self.tenant).await?;
                let renewed = renewed.ok_or(NotificationError::Unsigned(told))?;
                webhook::read(header, body, &renewed.webhook_secret, now)?
            }
            read => read?,
        };
        if event.livemode != (self.tenant.mode() == Mode::Live) {
            return Err(NotificationError::Unsigned("The event is of the other mode."));
        }
        tracing::debug!(kind = event.kind, "Stripe says something");
        let object = event.data.object;
        let told = object.metadata.unwrap_or_default();
        let payment = |metadata: &shapes::Metadata| {
            let key = metadata.get(view::PAYMENT).filter(|_| self.owns(metadata));
            key.and_then(|key| key.parse().ok()).map(|payment| Notification { payment })
        };
        Ok(match (payment(&told), object.payment_intent) {
            (Some(notification), _) => Some(notification),
            // Refunds and disputes don't tell whose they are; their payment does.
            (None, Some(id)) => payment(&self.intent(&id).await?.metadata),
            (None, None) => None,
        })
    }
}

impl Stripe {
    /// Whether a payment is this tenant's.
    fn owns(&self, metadata: &shapes::Metadata) -> bool {
        metadata.get(view::STORE).is_some_and(|store| *store == self.tenant.to_string())
    }
}
