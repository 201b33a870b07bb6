//! Keeps the lists of orders up to date.

use souk::{
    event::CloudEvent,
    id::OrderId,
    order,
    runtime::{App, Function, JobError, Message, queue_of_groups},
    tenant::Tenant,
};

/// The function. Whatever a batch tells of one order, the order is looked at once.
pub fn function() -> Function {
    queue_of_groups("project-orders", order_of, project)
}

fn order_of(message: &Message) -> Result<(Tenant, OrderId), JobError> {
    let event: CloudEvent =
        serde_json::from_str(&message.body).map_err(|error| JobError::unreadable(&error))?;
    let order = event.subject.parse().map_err(|error| JobError::new("unreadable_message", error))?;
    Ok((event.tenant(), order))
}

async fn project(app: App, message: Message) -> Result<(), JobError> {
    let (tenant, order) = order_of(&message)?;
    order::project(&app, tenant, order).await
}
