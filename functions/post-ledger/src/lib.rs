//! Posts what moves money to the ledger.

use souk::{
    event::CloudEvent,
    ledger,
    runtime::{App, Function, JobError, Message, queue},
};

/// The function.
pub fn function() -> Function {
    queue("post-ledger", post)
}

async fn post(app: App, message: Message) -> Result<(), JobError> {
    let event: CloudEvent =
        serde_json::from_str(&message.body).map_err(|error| JobError::unreadable(&error))?;
    ledger::hear(&app, &event).await
}
