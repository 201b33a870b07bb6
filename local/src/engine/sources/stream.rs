//! Feeds a function from a table's stream.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use souk_cloud::dynamodb::StartingPosition;
use tokio::{sync::mpsc, time::Instant};

use super::{
    destination,
    filter::Filters,
    lanes::{Progress, lane_of},
    work::Item,
};
use crate::{
    engine::market::{Engine, MarketError},
    template::{FunctionSpec, StreamSource, Table},
};

/// How many batches are read ahead.
const AHEAD: usize = 10;

/// One mapping from a stream to a function.
pub(super) struct Mapping {
    pub engine: Arc<Engine>,
    pub function: FunctionSpec,
    pub source: StreamSource,
    pub table: Table,
    pub consumer: String,
    pub filters: Filters,
    pub progress: Progress,
}

/// Starts a mapping where it stopped last time, or where the template says.
pub(super) fn start(
    engine: &Arc<Engine>,
    function: &FunctionSpec,
    source: &StreamSource,
) -> Result<(), MarketError> {
    let what = format!("{}'s event {}", function.id, source.name);
    let no_stream = || MarketError::Make {
        what: what.clone(),
        reason: format!("no table has the stream {}", source.stream),
    };
    let table = engine.stack.table_by_stream(&source.stream).ok_or_else(no_stream)?;
    if let Some(destination) = &source.on_failure {
        destination::check(engine, function, destination, source.on_failure_granted)
            .map_err(|reason| MarketError::Make { what: what.clone(), reason })?;
    }
    let consumer = source.consumer(&function.id);
    let position = if source.from_oldest { StartingPosition::TrimHorizon } else { StartingPosition::Latest };
    let after = engine.cloud.dynamodb.register(&consumer, &table.name, position);
    let mapping = Arc::new(Mapping {
        engine: Arc::clone(engine),
        function: function.clone(),
        source: source.clone(),
        table: table.clone(),
        consumer,
        filters: Filters::parse(&source.filters, &what)?,
        progress: Progress::default(),
    });
    let lanes = (0..source.parallelization).map(|_| {
        let (sender, receiver) = mpsc::channel(AHEAD);
        let lane = Arc::clone(&mapping);
        engine.tasks.spawn(async move { drive(&lane, receiver).await });
        sender
    });
    let lanes: Vec<_> = lanes.collect();
    engine.tasks.spawn(async move {
        tokio::select! {
            () = mapping.engine.closed() => {}
            () = read(&mapping, lanes, after) => {}
        }
    });
    Ok(())
}

/// Reads the stream and deals its records to the lanes; waits while they are full, and while nothing changes.
async fn read(mapping: &Mapping, lanes: Vec<mpsc::Sender<Vec<Item>>>, mut after: Option<u64>) {
    let database = &mapping.engine.cloud.dynamodb;
    let region = &mapping.engine.stack.place.region;
    let limit = usize::try_from(mapping.source.batch_size).unwrap_or(100).saturating_mul(AHEAD);
    let mut changes = database.changes();
    loop {
        changes.see();
        let changed = database.stream_records(&mapping.table.name, after, limit);
        let Some(last) = changed.last() else {
            changes.changed().await;
            continue;
        };
        after = Some(last.sequence);
        let mut dealt: Vec<Vec<Item>> = lanes.iter().map(|_| Vec::new()).collect();
        for change in changed {
            let passes = mapping.filters.pass_record(&change, region);
            mapping.progress.read(change.sequence, passes);
            if passes {
                let mut record = change.to_event(region);
                record["eventSourceARN"] = mapping.source.stream.as_str().into();
                let lane = lane_of(&change.keys, lanes.len());
                dealt[lane].push(Item { sequence: change.sequence, created: change.created, record });
            }
        }
        mapping.done([]);
        for (lane, items) in lanes.iter().zip(dealt) {
            if !items.is_empty() && lane.send(items).await.is_err() {
                return;
            }
        }
    }
}

/// One lane: batch after batch, in order.
async fn drive(mapping: &Mapping, mut dealt: mpsc::Receiver<Vec<Item>>) {
    let size = usize::try_from(mapping.source.batch_size).unwrap_or(100);
    let window = Duration::from_secs(u64::from(mapping.source.window));
    let mut waiting: Vec<Item> = Vec::new();
    loop {
        if waiting.is_empty() {
            // Only between batches: the one in work is let finish.
            let more = tokio::select! {
                () = mapping.engine.closed() => None,
                more = dealt.recv() => more,
            };
            match more {
                Some(items) => waiting = items,
                None => return,
            }
        }
        let under_way = mapping.engine.activity.begin();
        let until = Instant::now() + window;
        while waiting.len() < size {
            let more = match dealt.try_recv() {
                Ok(items) => Some(items),
                Err(_) if window.is_zero() => None,
                Err(_) => tokio::time::timeout_at(until, dealt.recv()).await.ok().flatten(),
            };
            match more {
                Some(items) => waiting.extend(items),
                None => break,
            }
        }
        let rest = waiting.split_off(waiting.len().min(size));
        mapping.work(std::mem::replace(&mut waiting, rest)).await;
        drop(under_way);
        if mapping.engine.is_closing() {
            return;
        }
    }
}

impl Mapping {
    /// These records need nothing more. The place up to which all are done is kept.
    pub(super) fn done(&self, sequences: impl IntoIterator<Item = u64>) {
        let floor = self.progress.done(sequences);
        if floor > 0 {
            self.engine.cloud.dynamodb.advance(&self.consumer, &self.table.name, floor);
            self.engine.activity.beat();
        }
    }

    /// A batch as the event of an invocation.
    pub(super) fn event(items: &[Item]) -> Value {
        let records: Vec<&Value> = items.iter().map(|item| &item.record).collect();
        serde_json::json!({ "Records": records })
    }
}
