//! What invokes functions beside requests: queues, streams, schedules.

mod backoff;
mod delivery;
mod destination;
mod filter;
mod lanes;
mod partial;
mod queue;
mod queue_event;
mod schedule;
mod stream;
mod work;

use std::sync::Arc;

pub use delivery::Delivery;

use super::market::{Engine, MarketError};
use crate::template::StreamSource;

/// How often DynamoDB looks for expired items. AWS promises a few days at most; sooner finds mistakes sooner.
const TTL_SWEEP: std::time::Duration = std::time::Duration::from_secs(60);

/// Starts every source of the template.
pub(super) fn start(engine: &Arc<Engine>, schedules: bool) -> Result<(), MarketError> {
    for function in engine.stack.functions.values() {
        for source in &function.queues {
            queue::start(engine, function, source)?;
        }
        for source in &function.streams {
            stream::start(engine, function, source)?;
        }
        for schedule in function.schedules.iter().filter(|_| schedules) {
            schedule::start(engine, function, schedule);
        }
    }
    if engine.stack.tables.values().any(|table| table.ttl.is_some()) {
        let sweeper = Arc::clone(engine);
        engine.tasks.spawn(async move {
            loop {
                tokio::time::sleep(TTL_SWEEP).await;
                sweeper.cloud.dynamodb.sweep_ttl();
            }
        });
    }
    Ok(())
}

impl StreamSource {
    /// The name under which the source's place in the stream is kept.
    pub(crate) fn consumer(&self, function: &str) -> String {
        format!("{function}/{}", self.name)
    }
}
