//! Hints that wake the saga.

use aws_sdk_dynamodb::error::DisplayErrorContext;
use serde::{Deserialize, Serialize};

use crate::{
    event::Cause,
    id::{OrderId, StoreId},
    payment::PaymentKey,
    runtime::App,
    tenant::{Mode, Tenant},
};

/// A hint that an order may be able to go on. Says nothing of the order itself: the truth is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nudge {
    /// Which order.
    pub order: OrderId,
    /// Whose.
    pub store: StoreId,
    /// In which mode.
    pub mode: Mode,
    /// Of which of its payments the provider may know something new, even if the order is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<u32>,
    /// What led to it.
    #[serde(flatten)]
    pub cause: Cause,
}

impl Nudge {
    /// The order's work is overdue.
    pub fn overdue(tenant: Tenant, order: OrderId) -> Self {
        let cause = Cause { correlation: format!("sweep/{order}"), causation: "sweep".to_owned() };
        Self { order, store: tenant.store(), mode: tenant.mode(), payment: None, cause }
    }

    /// The provider said something about a payment.
    pub fn payment(tenant: Tenant, payment: PaymentKey, cause: Cause) -> Self {
        let PaymentKey { order, number } = payment;
        Self { order, store: tenant.store(), mode: tenant.mode(), payment: Some(number), cause }
    }

    /// Whose order it is.
    pub fn tenant(&self) -> Tenant {
        Tenant::of_own_record(self.store, self.mode)
    }
}

/// Sends `nudge` to the queue that the saga works off.
///
/// # Errors
/// Says why the queue did not take it.
pub async fn send(app: &App, queue_url: &str, nudge: &Nudge) -> Result<(), String> {
    let body = serde_json::to_string(nudge).map_err(|error| error.to_string())?;
    let sent = app.sqs().send_message().queue_url(queue_url).message_body(body).send().await;
    sent.map(drop).map_err(|error| DisplayErrorContext(error).to_string())
}
