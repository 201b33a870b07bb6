//! Functions that a table's stream drives, with partial batch responses.

use aws_lambda_events::dynamodb::Event;
use serde::de::DeserializeOwned;
use serde_dynamo::Item;
use serde_json::json;

use super::{App, Function, InvocationError, JobError, Kind, telemetry, to_json};

/// One change of a table.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its place in the stream.
    pub sequence_number: String,
    /// The item before, where the stream tells it and there was one.
    pub old: Option<Item>,
    /// The item after, where there is one.
    pub new: Option<Item>,
    /// When it was written, to the second.
    pub at: jiff::Timestamp,
}

impl Record {
    /// One of the images, read as a `T`.
    ///
    /// # Errors
    /// [`JobError`] where it is not one. Its text holds nothing of the item.
    pub fn read<T: DeserializeOwned>(image: Item) -> Result<T, JobError> {
        serde_dynamo::from_item(image)
            .map_err(|error| JobError::new("unreadable_record", crate::store::unquoted(&error)))
    }
}

/// A function that `handler` makes of a batch. It answers the first record that is not done: Lambda goes on from
/// there, and all before it are done.
pub fn stream<F, Fut>(name: &'static str, handler: F) -> Function
where
    F: Fn(App, Vec<Record>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<(), (String, JobError)>> + Send + 'static,
{
    Function::raw(name, Kind::Stream, move |app, invocation| {
        let handler = handler.clone();
        Box::pin(async move {
            let started = app.now();
            let event: Event = serde_json::from_str(invocation.event.get())
                .map_err(|error| InvocationError::unreadable_event(&error))?;
            let source =
                event.records.first().and_then(|record| record.event_source_arn.clone()).unwrap_or_default();
            let size = event.records.len();
            let some = |image: Item| (!image.is_empty()).then_some(image);
            let records = event.records.into_iter().map(|record| Record {
                sequence_number: record.change.sequence_number.unwrap_or_default(),
                old: some(record.change.old_image),
                new: some(record.change.new_image),
                at: jiff::Timestamp::from_second(record.change.approximate_creation_date_time.timestamp())
                    .unwrap_or_default(),
            });
            let failed = handler(app.clone(), records.collect()).await.err();
            if let Some((sequence, error)) = &failed {
                telemetry::item_failed(name, sequence, error.kind, &error.reason);
            }
            telemetry::batch(&app, name, &source, size, usize::from(failed.is_some()), started);
            let items: Vec<_> =
                failed.into_iter().map(|(sequence, _)| json!({ "itemIdentifier": sequence })).collect();
            to_json(&json!({ "batchItemFailures": items }))
        })
    })
}
