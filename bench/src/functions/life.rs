//! One life of a process, from its start through its first event to the last.

use std::{
    ffi::OsStr,
    sync::atomic::Ordering,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use serde::Serialize;
use souk_tests::compiled::{Event, Process, RuntimeApi, Said};

use super::{BenchError, subject::Subject, usage};

/// Under valgrind everything takes fifty times as long.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a life took. Times are nanoseconds, sizes bytes.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Life {
    /// From the start until it asked for its first event.
    pub(super) init_wall: u64,
    /// Processor time by then.
    pub(super) init_processor: u64,
    /// From the first event until its answer.
    pub(super) first_wall: u64,
    /// Processor time until it asked for the second.
    pub(super) first_processor: u64,
    /// Processor time of each event after the first, in the mean.
    pub(super) warm_processor: u64,
    /// How often it called AWS for the first event.
    pub(super) first_calls: u64,
    /// How often it called AWS for each event after it, in hundredths, in the mean.
    pub(super) warm_calls: u64,
    /// How many connections to AWS it opened, each with a handshake.
    pub(super) connections: u64,
    /// The most memory that it held.
    pub(super) peak_memory: u64,
}

impl Life {
    /// Starts the process, sends it one event and then `warm` more, and ends it.
    pub(super) async fn of(subject: &Subject, warm: u32, under: &[&OsStr]) -> Result<Self, BenchError> {
        let calls = || subject.calls.load(Ordering::Relaxed);
        let connections = || subject.connections.load(Ordering::Relaxed);
        let (before, without) = (calls(), connections());
        let mut running = Running::start(subject, under).await?;
        let init_wall = running.nanos();
        let init_processor = running.processor()?;
        let first_wall = running.event(subject).await?;
        let first_processor = running.processor()?;
        let after_first = calls();
        for _ in 0..warm {
            running.event(subject).await?;
        }
        let all = running.processor()?;
        let peak_memory = usage::peak_memory(running.id()?)?;
        Ok(Self {
            init_wall,
            init_processor,
            first_wall,
            first_processor: first_processor.saturating_sub(init_processor),
            warm_processor: all.saturating_sub(first_processor) / u64::from(warm.max(1)),
            first_calls: after_first - before,
            warm_calls: (calls() - after_first) * 100 / u64::from(warm.max(1)),
            connections: connections() - without,
            peak_memory,
        })
    }

    /// Processor time until the first event was done with.
    pub(super) fn cold_processor(&self) -> u64 {
        self.init_processor + self.first_processor
    }
}

/// A process that waits for its next event. Ends with this value.
pub(super) struct Running {
    api: RuntimeApi,
    process: Process,
    began: Instant,
    ready: Instant,
    events: u64,
}

impl Running {
    /// Starts the process, `under` another program where one is named, and waits until it asks for an event.
    pub(super) async fn start(subject: &Subject, under: &[&OsStr]) -> Result<Self, BenchError> {
        let api = RuntimeApi::open().await?;
        let command: Vec<_> =
            under.iter().copied().chain(subject.command.iter().map(AsRef::as_ref)).collect();
        let began = Instant::now();
        let process = Process::start(&command, &subject.spec, &api.address, &subject.region)
            .map_err(|error| BenchError::Said(format!("{}: {error}", subject.name)))?;
        let mut running = Self { api, process, began, ready: began, events: 0 };
        match running.hear(subject).await? {
            Said::Ready => running.ready = Instant::now(),
            other => return Err(unexpected(subject, &other)),
        }
        Ok(running)
    }

    /// Asks it to end, and waits until it has.
    pub(super) async fn end(mut self) -> Result<(), BenchError> {
        Ok(self.process.stop().await?)
    }

    /// One event, until it asks for the next: nanoseconds until the answer.
    pub(super) async fn event(&mut self, subject: &Subject) -> Result<u64, BenchError> {
        self.events += 1;
        let request_id = format!("00000000-0000-4000-8000-{:012x}", self.events);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let sent = Instant::now();
        self.api
            .send(Event {
                request_id,
                deadline_ms: (now + PATIENCE).as_millis(),
                arn: subject.spec.arn.clone(),
                payload: subject.event.clone(),
            })
            .await;
        let answered = match self.hear(subject).await? {
            Said::Answered(_, answer) => {
                let took = sent.elapsed();
                subject.judge(&answer)?;
                took
            }
            other => return Err(unexpected(subject, &other)),
        };
        match self.hear(subject).await? {
            Said::Ready => Ok(nanos(answered)),
            other => Err(unexpected(subject, &other)),
        }
    }

    async fn hear(&mut self, subject: &Subject) -> Result<Said, BenchError> {
        let said = tokio::select! {
            said = self.api.hear(PATIENCE) => said.ok_or_else(|| "it says nothing".to_owned()),
            ended = self.process.ended() => Err(format!("it ended: {ended}")),
        };
        said.map_err(|error| {
            BenchError::Said(format!("{}: {error}; {}", subject.name, self.process.log().join(" | ")))
        })
    }

    fn nanos(&self) -> u64 {
        nanos(self.ready.duration_since(self.began))
    }

    fn id(&self) -> Result<u32, BenchError> {
        self.process.id().ok_or_else(|| BenchError::Said("the process is gone".to_owned()))
    }

    fn processor(&self) -> Result<u64, BenchError> {
        usage::processor_nanos(self.id()?)
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn unexpected(subject: &Subject, said: &Said) -> BenchError {
    let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
    let what = match said {
        Said::Ready => "it asks for an event that it was given".to_owned(),
        Said::Answered(_, answer) => format!("it answers what nobody asked: {}", text(answer)),
        Said::Failed(_, error) | Said::InitFailed(error) => text(error),
    };
    BenchError::Said(format!("{}: {what}", subject.name))
}
