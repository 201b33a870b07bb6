//! Carries orders through stock, risk and payment.

use serde::Deserialize;
use souk::{
    event::{Cause, CloudEvent},
    order::{self, Nudge},
    runtime::{App, Function, JobError, Message, queue},
};

/// What the queue holds: events of orders, and nudges from the sweeper and from payment providers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Work {
    Event(Box<CloudEvent>),
    Nudge(Nudge),
}

/// The function.
pub fn function() -> Function {
    queue("advance-orders", advance)
}

async fn advance(app: App, message: Message) -> Result<(), JobError> {
    match serde_json::from_str(&message.body).map_err(|error| JobError::unreadable(&error))? {
        Work::Event(event) => {
            let order = event.subject.parse().map_err(|error| JobError::new("unreadable_message", error))?;
            order::advance(&app, event.tenant(), order, &Cause::of_event(&event), None).await
        }
        Work::Nudge(nudge) => {
            order::advance(&app, nudge.tenant(), nudge.order, &nudge.cause, nudge.payment).await
        }
    }
}
