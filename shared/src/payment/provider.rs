//! What any payment provider does for Souk.
//!
//! Every operation carries the key of its payment, and doing it twice under one key does it once. That is what
//! makes "never charges twice" possible: after an answer was lost, the same question is asked again.

use std::fmt;

use async_trait::async_trait;
use http::HeaderMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{PaymentKey, ProviderPage, ProviderPayment, ProviderStatus, SaveFor, SavedMethod};
use crate::{
    id::{CustomerId, RefundId},
    money::Money,
};

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

impl Method {
    /// Whether it is Stripe's test method whose name says that the card networks rate it as risky.
    pub fn is_rated_risky(&self) -> bool {
        self.as_str() == "pm_card_riskLevelElevated"
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

/// Which provider.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ProviderName {
    /// The one that moves no money, in test mode.
    #[default]
    Sandbox,
    /// <https://stripe.com>
    Stripe,
}

impl ProviderName {
    /// Whether it is the one that events name by naming none.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// As it stands in the address of its notifications.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Stripe => "stripe",
        }
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for ProviderName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Sandbox, Self::Stripe].into_iter().find(|name| name.as_str() == text).ok_or(())
    }
}

/// What is to be held.
#[derive(Clone, Copy, Debug)]
pub struct Charge<'a> {
    /// How much.
    pub amount: Money,
    /// Of what. Without it, the shopper's browser gives it to the provider.
    pub method: Option<&'a Method>,
    /// When it will be taken.
    pub capture: CaptureMethod,
    /// Whose it is, where one was logged in.
    pub customer: Option<CustomerId>,
    /// What the customer agreed that the method is saved for, where they did.
    pub save: Option<SaveFor>,
    /// Whether the shopper is there to answer their bank.
    pub present: bool,
}

/// Why an operation was not done, or has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// No answer came. The provider may have done it, or may still: ask again under the same key.
    #[error("the provider's answer is unknown: {0}")]
    Unknown(String),
    /// Nothing was done: the provider was not asked, or refused before it acted. Another one may be asked.
    #[error("the provider did nothing: {0}")]
    Unavailable(String),
    /// The payment is not in a state that allows this. Read it again.
    #[error("the payment is {0:?}")]
    NotNow(ProviderStatus),
    /// More than there is. Nothing was done.
    #[error("no more than {left} is left")]
    TooMuch {
        /// What could be taken, or given back.
        left: Money,
    },
}

/// What a provider says happened, on its own initiative. Only a hint: the truth is asked of the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Which payment it is about.
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
    /// Which payment it is about can't be found out.
    #[error(transparent)]
    Provider(#[from] ProviderError),
}

/// A payment provider, on behalf of one tenant.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Which one it is.
    fn name(&self) -> ProviderName;

    /// Holds what `charge` says. Under a key that was used before, answers how that payment stands.
    async fn authorize(&self, key: PaymentKey, charge: &Charge<'_>)
    -> Result<ProviderPayment, ProviderError>;

    /// Takes `amount` of what is held, and lets go of the rest: a payment is taken once. Taking the same again takes
    /// nothing more.
    async fn capture(&self, key: PaymentKey, amount: Money) -> Result<ProviderPayment, ProviderError>;

    /// Lets go of what is held, and of what may yet be: an authorization that comes later under this key is refused.
    async fn void(&self, key: PaymentKey, amount: Money) -> Result<ProviderPayment, ProviderError>;

    /// Gives back `amount` of what was taken. The same refund twice gives back once.
    async fn refund(
        &self,
        key: PaymentKey,
        refund: RefundId,
        amount: Money,
    ) -> Result<ProviderPayment, ProviderError>;

    /// How the payment stands, if the provider knows it.
    async fn find(&self, key: PaymentKey) -> Result<Option<ProviderPayment>, ProviderError>;

    /// What tells the card of a payment method from others, however often it is entered anew, where the provider says.
    async fn card(&self, method: &Method) -> Result<Option<String>, ProviderError>;

    /// The payment methods that `customer` saved.
    async fn saved(&self, customer: CustomerId) -> Result<Vec<SavedMethod>, ProviderError>;

    /// Forgets a payment method that `customer` saved. Whether it was theirs.
    async fn remove_saved(&self, customer: CustomerId, method: &Method) -> Result<bool, ProviderError>;

    /// Forgets `customer`, with all that they saved. Payments stay.
    async fn forget(&self, customer: CustomerId) -> Result<(), ProviderError>;

    /// The payments that the provider was first asked for at `from` or later; the next page behind `cursor`.
    async fn payments_since(
        &self,
        from: Timestamp,
        cursor: Option<String>,
    ) -> Result<ProviderPage, ProviderError>;

    /// Reads a notification, if the provider signed it. Nothing, where it is about what Souk has no part in.
    async fn parse_notification(
        &self,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Option<Notification>, NotificationError>;
}
