//! What Souk keeps of a payment at Stripe: that it asked, and under which name Stripe has it.
//!
//! Written before Stripe is asked, so that its absence proves that Stripe knows nothing; and after, so that finding a
//! payment does not depend on Stripe's search, which lags.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    money::Money,
    payment::{Decline, PaymentKey, ProviderError, ProviderPayment, ProviderStatus},
    runtime::App,
    store::{self, Write, WriteError, keys},
    tenant::Tenant,
};

const KIND: &str = "stripe-payment";

/// A payment, as Souk remembers it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Item {
    /// Stripe's name of it, once it is known.
    #[serde(default)]
    pub intent: Option<String>,
    /// How much it is about.
    pub amount: Money,
    /// When Stripe was first asked.
    pub asked_at: Timestamp,
    /// Whether nothing may be held under this key any more.
    #[serde(default)]
    pub closed: bool,
    /// Whether it is certain that Stripe has no payment of this key, and never will.
    #[serde(default)]
    pub certain: bool,
    /// Why Stripe declined, where it did.
    #[serde(default)]
    pub decline: Option<Decline>,
    pub revision: u32,
}

fn unknown(error: impl std::fmt::Display) -> ProviderError {
    ProviderError::Unknown(error.to_string())
}

impl Item {
    pub fn new(amount: Money, asked_at: Timestamp) -> Self {
        Self { intent: None, amount, asked_at, closed: false, certain: false, decline: None, revision: 1 }
    }

    /// What is known of the payment `key`.
    pub async fn load(app: &App, tenant: Tenant, key: PaymentKey) -> Result<Option<Self>, ProviderError> {
        store::get(app, KIND, &keys::stripe_payment(tenant, &key.to_string())).await.map_err(unknown)
    }

    /// Writes it down where nothing is; answers what is there then.
    pub async fn create(self, app: &App, tenant: Tenant, key: PaymentKey) -> Result<Self, ProviderError> {
        let place = keys::stripe_payment(tenant, &key.to_string());
        let write = Write::create(KIND, place, &self).map_err(unknown)?;
        match store::commit(app, vec![write]).await {
            Ok(()) => Ok(self),
            Err(WriteError::Refused(_)) => {
                let there = Self::load(app, tenant, key).await?;
                there.ok_or_else(|| unknown("the payment's item is gone"))
            }
            Err(WriteError::Store(error)) => Err(unknown(error)),
        }
    }

    /// Replaces it by what `change` makes of it; nothing is lost that somebody else noted meanwhile.
    pub async fn change(
        mut self,
        app: &App,
        tenant: Tenant,
        key: PaymentKey,
        change: impl Fn(&mut Self),
    ) -> Result<Self, ProviderError> {
        for _ in 0..8 {
            let read = self.revision;
            change(&mut self);
            self.revision = read.saturating_add(1);
            let place = keys::stripe_payment(tenant, &key.to_string());
            let write = Write::put(KIND, place, &self).map_err(unknown)?;
            let write = write.when("revision = :read").number(":read", read);
            match store::commit(app, vec![write]).await {
                Ok(()) => return Ok(self),
                Err(WriteError::Refused(_)) => {
                    let there = Self::load(app, tenant, key).await?;
                    self = there.ok_or_else(|| unknown("the payment's item is gone"))?;
                }
                Err(WriteError::Store(error)) => return Err(unknown(error)),
            }
        }
        Err(unknown("the payment's item keeps changing"))
    }

    /// The payment, where Stripe has none of it to tell of.
    pub fn closed_payment(self, key: PaymentKey) -> ProviderPayment {
        let none = Money::zero(self.amount.currency());
        let declined = self.decline.is_some();
        ProviderPayment {
            key: Some(key),
            status: if declined { ProviderStatus::Declined } else { ProviderStatus::Voided },
            amount: self.amount,
            captured: none,
            refunded: none,
            refunds: Vec::new(),
            fee: None,
            disputes: Vec::new(),
            action: None,
            fingerprint: None,
            decline: self.decline,
            reference: self.intent.unwrap_or_else(|| format!("stripe_{key}")),
        }
    }
}
