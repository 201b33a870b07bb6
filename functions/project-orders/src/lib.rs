//! Keeps the lists of orders up to date.

use souk::{
    event::CloudEvent,
    order,
    runtime::{App, Function, JobError, Message, queue},
};

/// The function.
pub fn function() -> Function {
    queue("project-orders", project)
}

async fn project(app: App, message: Message) -> Result<(), JobError> {
    let event: CloudEvent =
        serde_json::from_str(&message.body).map_err(|error| JobError::unreadable(&error))?;
    let order = event.subject.parse().map_err(|error| JobError::new("unreadable_message", error))?;
    order::project(&app, event.tenant(), order).await
}
