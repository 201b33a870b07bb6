//! Feeds a function from a queue.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json, value::RawValue};
use souk_cloud::sqs::Received;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use super::{
    filter::Filters,
    partial::{self, Ended},
    queue_event,
};
use crate::{
    engine::{
        activity::UnderWay,
        happening::{Cause, Happening},
        market::{Engine, MarketError},
    },
    template::{FunctionSpec, Queue, QueueSource},
};

/// Batches in work at once where the template sets no limit: with how many Lambda starts on a queue.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>
const CONCURRENCY: u32 = 5;
/// The most that one `ReceiveMessage` gives.
const RECEIVE_LIMIT: usize = 10;
/// How long one receive waits. Nothing is polled meanwhile: a message wakes it.
const WAIT: Duration = Duration::from_secs(3600);
/// How long to leave a queue alone that can't be polled.
const PAUSE: Duration = Duration::from_secs(10);
/// What a batch may weigh, so that the event stays within Lambda's payload limit.
const BATCH_BYTES: usize = 6 * 1024 * 1024;

/// One mapping from a queue to a function.
struct Poller {
    engine: Arc<Engine>,
    function: String,
    source: QueueSource,
    queue: Queue,
    filters: Filters,
    slots: Arc<Semaphore>,
}

/// Starts a mapping.
pub(super) fn start(
    engine: &Arc<Engine>,
    function: &FunctionSpec,
    source: &QueueSource,
) -> Result<(), MarketError> {
    let what = format!("{}'s event {}", function.id, source.name);
    let no_queue =
        || MarketError::Make { what: what.clone(), reason: format!("no queue is {}", source.queue) };
    let queue = engine.stack.queue_by_arn(&source.queue).ok_or_else(no_queue)?;
    if queue.visibility < function.timeout {
        // Lambda refuses to create such a mapping.
        let reason = format!(
            "the queue's visibility timeout of {} s is less than the function's timeout of {} s",
            queue.visibility, function.timeout
        );
        return Err(MarketError::Make { what, reason });
    }
    let many =
        source.concurrency.unwrap_or(CONCURRENCY).min(function.reserved_concurrency.unwrap_or(u32::MAX));
    let poller = Arc::new(Poller {
        engine: Arc::clone(engine),
        function: function.id.clone(),
        source: source.clone(),
        queue: queue.clone(),
        filters: Filters::parse(&source.filters, &what)?,
        slots: Arc::new(Semaphore::new(usize::try_from(many).unwrap_or(1))),
    });
    engine.tasks.spawn(async move {
        tokio::select! {
            () = poller.engine.closed() => {}
            () = poll(&poller) => {}
        }
    });
    Ok(())
}

async fn poll(poller: &Arc<Poller>) {
    loop {
        let Ok(slot) = Arc::clone(&poller.slots).acquire_owned().await else { return };
        let first = poller.receive(poller.limit(), WAIT).await;
        if first.is_empty() {
            continue;
        }
        let under_way = poller.engine.activity.begin();
        let batch = poller.fill(first).await;
        poller.deliver(batch, slot, under_way);
    }
}

impl Poller {
    fn limit(&self) -> usize {
        usize::try_from(self.source.batch_size).unwrap_or(RECEIVE_LIMIT).min(RECEIVE_LIMIT)
    }

    /// Some messages. Where the queue can't be polled (it is gone, or too much is in flight) none, after a while.
    async fn receive(&self, max: usize, wait: Duration) -> Vec<Received> {
        match self.engine.cloud.sqs.receive(&self.queue.arn, max, wait).await {
            Ok(messages) => messages,
            Err(error) => {
                tracing::warn!(queue = self.queue.name, %error, "the queue can't be polled");
                tokio::time::sleep(PAUSE).await;
                Vec::new()
            }
        }
    }

    /// Waits for the batch to fill, as long as the batching window lasts.
    async fn fill(&self, mut batch: Vec<Received>) -> Vec<Received> {
        let full = usize::try_from(self.source.batch_size).unwrap_or(usize::MAX);
        let until = Instant::now() + Duration::from_secs(u64::from(self.source.window));
        while batch.len() < full && Instant::now() < until {
            let weight: usize = batch.iter().map(|message| message.body.len()).sum();
            if weight >= BATCH_BYTES {
                break;
            }
            let wait = until.saturating_duration_since(Instant::now());
            batch.extend(self.receive((full - batch.len()).min(RECEIVE_LIMIT), wait).await);
        }
        batch
    }

    /// Hands the batch to the function without waiting for it.
    fn deliver(self: &Arc<Self>, batch: Vec<Received>, slot: OwnedSemaphorePermit, under_way: UnderWay) {
        let region = &self.engine.stack.place.region;
        let mut messages = Vec::with_capacity(batch.len());
        for message in batch {
            let record = queue_event::record(&message, &self.queue.arn, region);
            if self.filters.pass_message(&record) {
                messages.push((message, record));
            } else {
                self.delete(&message);
            }
        }
        if messages.is_empty() {
            return;
        }
        let plan = self.engine.delivery.plan(messages.len());
        let held = Arc::new((slot, under_way));
        let mut decided = vec![false; messages.len()];
        for (delay, indexes) in plan {
            let copies = indexes
                .into_iter()
                .map(|index| {
                    let (message, record) = messages[index].clone();
                    // Only one delivery of a message decides about it; the others are the duplicates.
                    let decides = !std::mem::replace(&mut decided[index], true);
                    Copy { message, record, decides }
                })
                .collect::<Vec<_>>();
            let (poller, held) = (Arc::clone(self), Arc::clone(&held));
            self.engine.tasks.spawn(async move {
                tokio::time::sleep(delay).await;
                poller.hand_over(copies).await;
                drop(held);
            });
        }
    }

    async fn hand_over(&self, copies: Vec<Copy>) {
        let records: Vec<&Value> = copies.iter().map(|copy| &copy.record).collect();
        // A JSON value always can be written.
        let Ok(event) = RawValue::from_string(json!({ "Records": records }).to_string()) else { return };
        let cause = Cause::Queue(self.queue.name.clone());
        let answer = self.engine.runner.run(&self.function, event, cause).await;
        let known = |id: &str| copies.iter().any(|copy| copy.message.message_id == id);
        let ended = partial::ended(&answer, self.source.partial, known);
        let has_failed = |copy: &Copy| match &ended {
            Ended::Done => false,
            Ended::Failed => true,
            Ended::Partly(failed) => failed.contains(&copy.message.message_id),
        };
        // What failed stays hidden until its visibility timeout is over, and then comes again.
        copies
            .iter()
            .filter(|copy| copy.decides && !has_failed(copy))
            .for_each(|copy| self.delete(&copy.message));
        let failed = copies.iter().filter(|copy| has_failed(copy)).count();
        if failed > 0 {
            self.watch_dead_letters();
        }
        self.engine.tell(Happening::Delivered {
            queue: self.queue.name.clone(),
            function: self.function.clone(),
            messages: copies.len(),
            failed,
            fresh: copies.iter().filter(|copy| copy.decides && copy.is_first()).count(),
            bytes: copies.iter().map(|copy| copy.message.body.len()).sum(),
        });
    }

    /// Tells if the dead-letter queue has grown by the time at which a message that failed now would come again.
    fn watch_dead_letters(&self) {
        let Some(arn) = self.queue.dead_letters.clone() else { return };
        let (engine, queue) = (Arc::clone(&self.engine), self.queue.clone());
        let before = engine.cloud.sqs.depth(&arn).visible;
        self.engine.tasks.spawn(async move {
            tokio::time::sleep(Duration::from_secs(u64::from(queue.visibility)) + Duration::from_millis(10))
                .await;
            let waiting = engine.cloud.sqs.depth(&arn).visible;
            if waiting > before {
                let dead_letters = engine.stack.queue_by_arn(&arn).map_or(arn, |queue| queue.name.clone());
                engine.tell(Happening::DeadLettered { queue: queue.name, dead_letters, waiting });
            }
        });
    }

    fn delete(&self, message: &Received) {
        if let Err(error) = self.engine.cloud.sqs.delete(&self.queue.arn, &message.receipt_handle) {
            tracing::warn!(queue = self.queue.name, %error, "a message can't be deleted");
        }
        self.engine.activity.beat();
    }
}

/// One delivery of a message.
struct Copy {
    message: Received,
    record: Value,
    decides: bool,
}

impl Copy {
    fn is_first(&self) -> bool {
        self.message.attributes.get("ApproximateReceiveCount").is_some_and(|count| count == "1")
    }
}
