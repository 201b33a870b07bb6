//! Where an order, its payment and its stock stand.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// It was placed; stock and payment are being seen to.
    Pending,
    /// It waits for a person's decision.
    InReview,
    /// The store owes the goods.
    Confirmed,
    /// Some of the goods were sent.
    PartiallyFulfilled,
    /// All of the goods were sent.
    Fulfilled,
    /// It is over, and nothing is held for it.
    Canceled,
}

impl OrderStatus {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InReview => "in_review",
            Self::Confirmed => "confirmed",
            Self::PartiallyFulfilled => "partially_fulfilled",
            Self::Fulfilled => "fulfilled",
            Self::Canceled => "canceled",
        }
    }
}

/// Where an order's payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Nothing is known of it yet.
    None,
    /// The money is held.
    Authorized,
    /// The money was taken.
    Captured,
    /// The hold was let go.
    Voided,
    /// The provider declined.
    Failed,
    /// Some of the money was given back.
    PartiallyRefunded,
    /// All of the money was given back.
    Refunded,
}

/// What became of an order's stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StockState {
    /// Not asked for yet.
    None,
    /// Held for it.
    Reserved,
    /// There was not enough.
    Refused,
    /// Let go.
    Released,
}

/// Why an order was canceled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancelCause {
    /// Somebody asked for it.
    Requested,
    /// Something was no longer in stock.
    OutOfStock,
    /// The payment was declined.
    PaymentDeclined,
    /// The provider never said whether it has the money.
    PaymentTimeout,
    /// A person decided against it.
    ReviewRejected,
    /// Nobody decided in time.
    ReviewExpired,
    /// The store's rules refuse orders of such a risk.
    RiskDenied,
}
