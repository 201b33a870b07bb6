//! Functions that a queue drives, with partial batch responses.

use std::sync::Arc;

use aws_lambda_events::sqs::SqsEvent;
use futures::future::join_all;
use serde_json::json;

use super::{App, Function, InvocationError, Kind, telemetry, to_json};

/// One message of a queue.
#[derive(Clone, Debug)]
pub struct Message {
    /// The queue's id of the message. A redriven message gets a new one: dedupe by the event's id instead.
    pub id: String,
    /// The body.
    pub body: String,
    /// How often the queue handed it out, this time included.
    pub receive_count: u32,
}

/// Why a message is not done. It comes again, until the queue's redrive policy sets it aside.
#[derive(Debug, thiserror::Error)]
#[error("{kind}: {reason}")]
pub struct JobError {
    /// A stable name of the kind of failure.
    pub kind: &'static str,
    /// What happened, free of personal data and secrets.
    pub reason: String,
}

impl JobError {
    /// A failure of this kind.
    pub fn new(kind: &'static str, reason: impl std::fmt::Display) -> Self {
        Self { kind, reason: reason.to_string() }
    }

    /// The message can't be read. Trying again won't help, but setting it aside keeps it for an operator.
    pub fn unreadable(error: &serde_json::Error) -> Self {
        // serde_json's own text may quote the message.
        Self::new(
            "unreadable_message",
            format!("not a message of this queue (line {}, column {})", error.line(), error.column()),
        )
    }
}

impl From<crate::store::StoreError> for JobError {
    fn from(error: crate::store::StoreError) -> Self {
        Self::new("store", error)
    }
}

impl From<crate::store::WriteError> for JobError {
    fn from(error: crate::store::WriteError) -> Self {
        Self::new("store", error)
    }
}

/// A function that `handler` makes of one message. The messages of a batch are worked on side by side; those that
/// fail are reported, and only those come again.
pub fn queue<F, Fut>(name: &'static str, handler: F) -> Function
where
    F: Fn(App, Message) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<(), JobError>> + Send + 'static,
{
    let alone = |message: &Message| Ok::<_, JobError>(message.id.clone());
    queue_of_groups(name, alone, handler)
}

/// As [`queue`], where messages of a batch of which `group` says the same are worked on at once: `handler` is given the
/// first of them. They are done together or fail together.
pub fn queue_of_groups<G, K, F, Fut>(name: &'static str, group: G, handler: F) -> Function
where
    G: Fn(&Message) -> Result<K, JobError> + Clone + Send + Sync + 'static,
    K: PartialEq + Send,
    F: Fn(App, Message) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<(), JobError>> + Send + 'static,
{
    Function::raw(name, Kind::Queue, move |app, invocation| {
        let (group, handler) = (group.clone(), handler.clone());
        Box::pin(async move {
            let started = app.now();
            let event: SqsEvent = serde_json::from_str(invocation.event.get())
                .map_err(|error| InvocationError::unreadable_event(&error))?;
            let source =
                event.records.first().and_then(|record| record.event_source_arn.clone()).unwrap_or_default();
            let size = event.records.len();
            let mut failures: Vec<(String, Arc<JobError>)> = Vec::new();
            let mut groups: Vec<(K, Message, Vec<String>)> = Vec::new();
            for record in event.records {
                let receives =
                    record.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok());
                let message = Message {
                    id: record.message_id.unwrap_or_default(),
                    body: record.body.unwrap_or_default(),
                    receive_count: receives.unwrap_or(1),
                };
                let id = message.id.clone();
                match group(&message) {
                    Err(error) => failures.push((id, Arc::new(error))),
                    Ok(key) => match groups.iter_mut().find(|(known, ..)| *known == key) {
                        Some((_, _, ids)) => ids.push(id),
                        None => groups.push((key, message, vec![id])),
                    },
                }
            }
            let work = groups.into_iter().map(|(_, message, ids)| {
                let done = handler(app.clone(), message);
                async move { done.await.err().map(|error| (ids, Arc::new(error))) }
            });
            for (ids, error) in join_all(work).await.into_iter().flatten() {
                failures.extend(ids.into_iter().map(|id| (id, Arc::clone(&error))));
            }
            for (id, error) in &failures {
                telemetry::item_failed(name, id, error.kind, &error.reason);
            }
            telemetry::batch(&app, name, &source, size, failures.len(), started);
            let items: Vec<_> = failures.into_iter().map(|(id, _)| json!({ "itemIdentifier": id })).collect();
            to_json(&json!({ "batchItemFailures": items }))
        })
    })
}
