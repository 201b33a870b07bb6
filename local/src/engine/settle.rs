//! Waiting until a market has nothing left to do.

use jiff::SignedDuration;

use super::market::{Engine, Market};

impl Market {
    /// Waits until nothing is left to do: no function runs, no queue with a consumer holds a message, not even a
    /// hidden or delayed one, every stream is read to its end, and every payment is decided and its store notified. With tokio's time paused, time passes as fast
    /// as it takes.
    ///
    /// Schedules go on meanwhile, and a message that fails for ever is waited for until its dead-letter queue has
    /// it.
    pub async fn settled(&self) {
        self.wait_until(|engine| engine.idle(true)).await;
    }

    /// Like [`Self::settled`], without waiting for messages that are hidden or delayed.
    pub async fn quiet(&self) {
        self.wait_until(|engine| engine.idle(false)).await;
    }

    /// Whether nothing is left to do right now; see [`Self::settled`].
    pub fn is_settled(&self) -> bool {
        self.engine().idle(true)
    }

    async fn wait_until(&self, done: impl Fn(&Engine) -> bool) {
        let engine = self.engine();
        let mut pulse = engine.activity.pulse();
        loop {
            pulse.borrow_and_update();
            if done(engine) {
                return;
            }
            // What nobody here began can end too: a message expires, or is deleted from outside.
            let next = engine.cloud.sqs.next_change().map(|at| at.duration_since(engine.clock.now()));
            let wait = next.unwrap_or(SignedDuration::from_mins(1)).max(SignedDuration::from_millis(1));
            let _ = tokio::time::timeout(wait.unsigned_abs(), pulse.changed()).await;
        }
    }
}

impl Engine {
    fn idle(&self, hidden: bool) -> bool {
        self.activity.count() == 0
            && (!hidden || self.webhooks.waiting() == 0)
            && self.stack.functions.values().all(|function| {
                function.queues.iter().all(|source| {
                    let depth = self.cloud.sqs.depth(&source.queue);
                    depth.visible == 0 && (!hidden || depth.in_flight + depth.delayed == 0)
                }) && function.streams.iter().all(|source| match self.stack.table_by_stream(&source.stream) {
                    None => true,
                    Some(table) => {
                        let passed =
                            self.cloud.dynamodb.checkpoint(&source.consumer(&function.id), &table.name);
                        self.cloud.dynamodb.stream_records(&table.name, passed, 1).is_empty()
                    }
                })
            })
    }
}
