//! Issues invoices and credit notes.

use souk::{
    event::CloudEvent,
    invoice,
    runtime::{App, Function, JobError, Message, queue},
};

/// The function.
pub fn function() -> Function {
    queue("issue-invoices", issue)
}

async fn issue(app: App, message: Message) -> Result<(), JobError> {
    let event: CloudEvent =
        serde_json::from_str(&message.body).map_err(|error| JobError::unreadable(&error))?;
    invoice::hear(&app, &event).await
}
