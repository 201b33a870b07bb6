//! What of Stripe's objects Souk reads. Fields that Stripe adds are passed over; those it may leave out are optional.
//! <https://docs.stripe.com/api>

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::payment::{Method, SavedCard};

pub(super) type Metadata = BTreeMap<String, String>;

/// <https://docs.stripe.com/api/payment_intents/object>
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Intent {
    pub id: String,
    pub status: String,
    pub amount: i64,
    #[serde(default)]
    pub amount_received: Option<i64>,
    pub currency: String,
    #[serde(default)]
    pub client_secret: Option<crate::payment::ClientSecret>,
    #[serde(default)]
    pub last_payment_error: Option<Fault>,
    #[serde(default)]
    pub latest_charge: Option<Charge>,
    #[serde(default)]
    pub metadata: Metadata,
}

/// <https://docs.stripe.com/api/charges/object>, or its id where it is not expanded.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Charge {
    Whole(Box<WholeCharge>),
    #[expect(dead_code, reason = "only told apart")]
    Id(String),
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct WholeCharge {
    #[serde(default)]
    pub disputed: bool,
    #[serde(default)]
    pub balance_transaction: Option<Transaction>,
    #[serde(default)]
    pub payment_method_details: Option<MethodDetails>,
}

/// <https://docs.stripe.com/api/balance_transactions/object>, or its id where it is not expanded.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Transaction {
    Whole {
        fee: i64,
        currency: String,
    },
    #[expect(dead_code, reason = "only told apart")]
    Id(String),
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct MethodDetails {
    #[serde(default)]
    pub card: Option<Card>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Card {
    #[serde(default)]
    pub fingerprint: Option<String>,
}

/// <https://docs.stripe.com/api/payment_methods/object>
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Saved {
    pub id: Method,
    #[serde(default)]
    pub customer: Option<String>,
    #[serde(default)]
    pub card: Option<SavedCard>,
}

/// <https://docs.stripe.com/api/refunds/object>
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Refund {
    pub amount: i64,
    #[serde(default)]
    pub status: Option<String>,
    #[serde(default)]
    pub metadata: Option<Metadata>,
}

/// <https://docs.stripe.com/api/disputes/object>
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Dispute {
    pub id: String,
    pub amount: i64,
    pub currency: String,
    pub status: String,
    #[serde(default)]
    pub balance_transactions: Vec<Transaction>,
}

/// <https://docs.stripe.com/api/pagination>
#[derive(Clone, Debug, Deserialize)]
pub(super) struct List<T> {
    pub data: Vec<T>,
    #[serde(default)]
    pub has_more: bool,
}

/// Something that has an id.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Named {
    pub id: String,
}

/// <https://docs.stripe.com/api/errors>, also as a payment's last error.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Fault {
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    #[serde(default)]
    pub code: Option<String>,
    #[serde(default)]
    pub decline_code: Option<String>,
    #[serde(default)]
    pub message: Option<String>,
    #[serde(default)]
    pub param: Option<String>,
    #[serde(default)]
    pub payment_intent: Option<Box<Intent>>,
}

/// The body of an answer that is an error.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct FaultBody {
    #[serde(default)]
    pub error: Fault,
}

/// <https://docs.stripe.com/api/events/object>
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Event {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub livemode: bool,
    pub data: EventData,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct EventData {
    pub object: EventObject,
}

/// What an event is about: a payment, a charge, a refund or a dispute.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct EventObject {
    #[serde(default)]
    pub payment_intent: Option<String>,
    #[serde(default)]
    pub metadata: Option<Metadata>,
}
