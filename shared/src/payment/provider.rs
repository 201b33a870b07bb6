//! What any payment provider does for Souk.
//!
//! Every operation carries the key of its payment, and doing it twice under one key does it once. That is what
//! makes "never charges twice" possible: after an answer was lost, the same question is asked again.

use async_trait::async_trait;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{id::OrderId, money::Money};

crate::text_type! {
    /// A payment method of the provider, such as `pm_card_visa`. Never a card number.
    Method, example "pm_card_visa", length 4..=100, pattern "^pm_[A-Za-z0-9_]+$", check |text| {
        let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if plain && text.starts_with("pm_") {
            Ok(())
        } else {
            Err("must be a payment method of the provider, which begins with pm_".to_owned())
        }
    }
}

/// When the money is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaptureMethod {
    /// As soon as the order is confirmed.
    #[default]
    Automatic,
    /// When staff ask for it.
    Manual,
}

/// The provider's idempotency key of an order's payment. An order is one attempt of a cart, so its id is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentKey(pub OrderId);

/// Where a payment stands at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderStatus {
    /// The provider has not decided yet.
    Processing,
    /// The money is held.
    Authorized,
    /// The money is taken.
    Captured,
    /// The hold was let go. Nothing can be taken any more.
    Voided,
    /// The provider said no.
    Declined,
    /// All that was taken was given back.
    Refunded,
}

/// Why a provider declined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Decline {
    /// The provider's code, such as `insufficient_funds`.
    pub code: String,
    /// What a shopper may be told.
    pub message: String,
}

/// A payment as the provider knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderPayment {
    /// Where it stands.
    pub status: ProviderStatus,
    /// What was asked for.
    pub amount: Money,
    /// What was taken.
    pub captured: Money,
    /// What was given back.
    pub refunded: Money,
    /// Why it was declined, where it was.
    pub decline: Option<Decline>,
    /// The provider's own name of it.
    pub reference: String,
}

/// Why an operation has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// No answer came. The provider may have done it, or may still: ask again under the same key.
    #[error("the provider's answer is unknown: {0}")]
    Unknown(String),
    /// The payment is not in a state that allows this. Read it again.
    #[error("the payment is {0:?}")]
    NotNow(ProviderStatus),
}

/// What a provider says happened, on its own initiative. Only a hint: the truth is asked of the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Whose payment it is about.
    pub payment: PaymentKey,
}

/// Why a notification is not believed.
#[derive(Debug, thiserror::Error)]
pub enum NotificationError {
    /// It is not signed by the provider, or too long ago.
    #[error("{0}")]
    Unsigned(&'static str),
    /// It can't be read.
    #[error("the notification can't be read")]
    Unreadable,
    /// The key that checks it can't be had.
    #[error(transparent)]
    Key(#[from] crate::runtime::StartError),
}

/// A payment provider, on behalf of one tenant.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Its name, as in the address of its notifications.
    fn name(&self) -> &'static str;

    /// Holds `amount`. Under a key that was used before, answers how that payment stands.
    async fn authorize(
        &self,
        key: PaymentKey,
        amount: Money,
        method: &Method,
    ) -> Result<ProviderPayment, ProviderError>;

    /// Takes what is held. Taking what was taken takes nothing more.
    async fn capture(&self, key: PaymentKey) -> Result<ProviderPayment, ProviderError>;

    /// Lets go of what is held, and of what may yet be: an authorization that comes later under this key is refused.
    async fn void(&self, key: PaymentKey, amount: Money) -> Result<ProviderPayment, ProviderError>;

    /// Gives back all that was taken. Giving back twice gives back once.
    async fn refund(&self, key: PaymentKey) -> Result<ProviderPayment, ProviderError>;

    /// How the payment stands, if the provider knows it.
    async fn find(&self, key: PaymentKey) -> Result<Option<ProviderPayment>, ProviderError>;

    /// Reads a notification, if the provider signed it.
    async fn parse_notification(
        &self,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Notification, NotificationError>;
}
