//! Mails shoppers about their orders.

use souk::{
    event::CloudEvent,
    notification,
    runtime::{App, Function, JobError, Message, queue},
};

/// The function.
pub fn function() -> Function {
    queue("send-notifications", send)
}

async fn send(app: App, message: Message) -> Result<(), JobError> {
    let event: CloudEvent =
        serde_json::from_str(&message.body).map_err(|error| JobError::unreadable(&error))?;
    notification::notify(&app, &event).await
}
