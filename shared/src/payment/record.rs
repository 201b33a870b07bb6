//! A payment as a provider knows it.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::PaymentKey;
use crate::{id::RefundId, money::Money};

/// Where a payment stands at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderStatus {
    /// The provider has not decided yet.
    Processing,
    /// The shopper must do something first, such as prove to their bank who they are.
    RequiresAction,
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

/// Where a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// The money was given back.
    Succeeded,
    /// It is on its way.
    Pending,
    /// It could not be given back, and is the store's again.
    Failed,
}

/// Money that the provider gave back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderRefund {
    /// What it was asked for under.
    pub id: RefundId,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub status: RefundStatus,
}

/// Where a dispute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisputeStatus {
    /// The store may answer it with evidence.
    NeedsResponse,
    /// The bank is deciding.
    UnderReview,
    /// The store keeps the money.
    Won,
    /// The shopper has it back.
    Lost,
}

/// A shopper has their bank take a payment back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderDispute {
    /// The provider's name of it.
    pub reference: String,
    /// How much it is about.
    pub amount: Money,
    /// What the provider asks for it.
    pub fee: Option<Money>,
    /// Where it stands.
    pub status: DisputeStatus,
}

/// Lets its holder see and confirm one payment, so it is for the shopper's browser only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct ClientSecret(pub String);

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

/// What the shopper's browser needs to go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextAction {
    /// What to do with it: the provider whose script takes the secret.
    pub kind: String,
    /// What lets the browser see and confirm the payment.
    pub client_secret: ClientSecret,
    /// The key that the provider's script begins with, which is public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publishable_key: Option<String>,
}

/// A payment as the provider knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderPayment {
    /// What it was asked for under, where it was Souk that did.
    pub key: Option<PaymentKey>,
    /// Where it stands.
    pub status: ProviderStatus,
    /// What was asked for.
    pub amount: Money,
    /// What was taken.
    pub captured: Money,
    /// What was given back, or is on its way back.
    pub refunded: Money,
    /// What was given back, one by one, also what failed.
    pub refunds: Vec<ProviderRefund>,
    /// What the provider keeps of what was taken, once it says so.
    pub fee: Option<Money>,
    /// The disputes about it.
    pub disputes: Vec<ProviderDispute>,
    /// What the shopper must do, where they must.
    pub action: Option<NextAction>,
    /// Tells a card from others without telling its number.
    pub fingerprint: Option<String>,
    /// Why it was declined, where it was.
    pub decline: Option<Decline>,
    /// The provider's own name of it.
    pub reference: String,
}

impl ProviderPayment {
    /// What of it the provider has and can still give back.
    pub fn kept(&self) -> Money {
        self.captured.minus(self.refunded).unwrap_or(Money::zero(self.amount.currency()))
    }

    /// Whether the provider has money of it, or may yet.
    pub fn may_hold_money(&self) -> bool {
        match self.status {
            ProviderStatus::Processing | ProviderStatus::RequiresAction | ProviderStatus::Authorized => true,
            ProviderStatus::Captured | ProviderStatus::Refunded => self.kept().amount() > 0,
            ProviderStatus::Voided | ProviderStatus::Declined => false,
        }
    }
}

/// Some payments, and where the next ones begin.
#[derive(Clone, Debug, Default)]
pub struct ProviderPage {
    /// The payments, oldest first where the provider lists them so.
    pub payments: Vec<ProviderPayment>,
    /// What to ask with for the next page; absent at the end.
    pub next: Option<String>,
}
