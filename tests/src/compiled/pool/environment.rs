//! One execution environment: a process, the Runtime API that it takes its events from, and AWS as it sees it.

use std::{
    future::pending,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use nix::sys::signal::Signal;
use souk_cloud::{Broken, Caller, Cloud, Guard};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use super::{Counts, chances::Fate, counted};
use crate::compiled::{Event, Process, RuntimeApi, Said, Spec, endpoint::Endpoint};

/// How long Lambda lets a process start.
const INIT_LIMIT: Duration = Duration::from_secs(10);

/// Longer than any function may work.
const LONG: Duration = Duration::from_secs(3600);

/// What every process of a function stands on.
#[derive(Clone)]
pub(super) struct Ground {
    pub(super) binary: PathBuf,
    pub(super) cloud: Arc<Cloud>,
    pub(super) caller: Caller,
    pub(super) region: String,
    pub(super) counts: Arc<Mutex<Counts>>,
}

/// A process that takes events, one at a time. Its process is killed when this is dropped.
pub(super) struct Environment {
    process: Process,
    api: RuntimeApi,
    present: Arc<Present>,
    blows: mpsc::UnboundedReceiver<Signal>,
    counts: Arc<Mutex<Counts>>,
    /// Whether somebody ended it.
    struck: bool,
    _endpoint: Endpoint,
}

/// What its AWS calls are part of.
struct Present {
    ground: Ground,
    event: Mutex<(Caller, Fate, u64)>,
    blow: mpsc::UnboundedSender<Signal>,
}

impl Environment {
    /// Starts a process, and waits until it asks for an event.
    pub(super) async fn start(spec: &Spec, ground: &Ground) -> Result<Self, String> {
        let (blow, blows) = mpsc::unbounded_channel();
        let event = Mutex::new((ground.caller.clone(), Fate::Lives, 0));
        let present = Arc::new(Present { ground: ground.clone(), event, blow });
        let mut api = RuntimeApi::open().await.map_err(|error| error.to_string())?;
        let calling = Arc::clone(&present);
        let endpoint = Endpoint::open(move |request| call(Arc::clone(&calling), request)).await;
        let endpoint = endpoint.map_err(|error| error.to_string())?;
        let spec = Spec { endpoint: format!("http://{}", endpoint.address), ..spec.clone() };
        let mut process = Process::start(&[ground.binary.as_os_str()], &spec, &api.address, &ground.region)
            .map_err(|error| format!("{}: {error}", ground.binary.display()))?;
        let counts = Arc::clone(&ground.counts);
        let trouble = tokio::select! {
            said = api.hear(INIT_LIMIT) => match said {
                Some(Said::Ready) => None,
                // A machine may have more to do than this; Lambda starts another one then.
                None => return Err("it took too long to start".to_owned()),
                Some(other) => Some(format!("it said {other:?}")),
            },
            how = process.ended() => Some(how),
        };
        if let Some(trouble) = trouble {
            let trouble = format!("{} did not start: {trouble}: {}", spec.name, process.log().join(" | "));
            counted(&counts).troubles.push(trouble.clone());
            return Err(trouble);
        }
        counted(&counts).born();
        Ok(Self { process, api, present, blows, counts, struck: false, _endpoint: endpoint })
    }

    /// Hands it an event. What it says to it, or how it ended.
    pub(super) async fn run(
        &mut self,
        event: Event,
        fate: Fate,
        guard: Option<Arc<dyn Guard>>,
    ) -> Result<Said, String> {
        let caller = self.present.ground.caller.clone();
        let caller = match guard {
            Some(guard) => caller.guarded_by(guard),
            None => caller,
        };
        *self.present.event() = (caller, fate, 0);
        self.process.signal(Signal::SIGCONT);
        self.api.send(event).await;
        let mut until = match fate {
            Fate::ByClock(time) => Some(Instant::now() + time),
            _ => None,
        };
        loop {
            tokio::select! {
                biased;
                said = self.api.hear(LONG) => return said.ok_or_else(|| "it keeps silent".to_owned()),
                how = self.process.ended() => return Err(self.ended(&how)),
                Some(blow) = self.blows.recv() => {
                    self.struck = true;
                    self.process.signal(blow);
                }
                () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => {
                    until = None;
                    self.struck = true;
                    self.process.signal(Signal::SIGKILL);
                    counted(&self.counts).killed_by_clock += 1;
                }
            }
        }
    }

    /// Waits until it asks for the next event, and freezes it. Whether it is good for one.
    pub(super) async fn rest(&mut self) -> bool {
        let ready = tokio::select! {
            said = self.api.hear(INIT_LIMIT) => matches!(said, Some(Said::Ready)),
            how = self.process.ended() => {
                self.ended(&how);
                false
            }
        };
        for line in self.process.take_log().iter().filter(|line| line.contains("panicked at")) {
            counted(&self.counts).troubles.push(line.clone());
        }
        self.process.signal(Signal::SIGSTOP);
        ready
    }

    fn ended(&self, how: &str) -> String {
        let told = format!("the process ended: {how}");
        if !self.struck {
            let log = self.process.take_log().join(" | ");
            counted(&self.counts).troubles.push(format!("{told}, and nobody had ended it: {log}"));
        }
        told
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        counted(&self.counts).alive -= 1;
    }
}

impl Present {
    fn event(&self) -> MutexGuard<'_, (Caller, Fate, u64)> {
        self.event.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The process is struck, and hears nothing more.
    async fn strike(&self, blow: Signal, count: impl FnOnce(&mut Counts) -> &mut u64) {
        *count(&mut counted(&self.ground.counts)) += 1;
        // Whoever runs it is gone only where the process is, too.
        let _ = self.blow.send(blow);
        pending::<()>().await;
    }
}

/// One AWS call of the process, with the function's rights and within the bounds of its present event.
async fn call(present: Arc<Present>, request: Request<Bytes>) -> Result<Response<Bytes>, Broken> {
    let (caller, fate, number) = {
        let mut event = present.event();
        event.2 += 1;
        event.clone()
    };
    counted(&present.ground.counts).calls += 1;
    match fate {
        Fate::Before(which) if which == number => {
            present.strike(Signal::SIGKILL, |counts| &mut counts.killed_before_call).await;
        }
        Fate::Hangs(which) if which == number => {
            present.strike(Signal::SIGSTOP, |counts| &mut counts.hung).await;
        }
        _ => {}
    }
    let cloud = Arc::clone(&present.ground.cloud);
    // What a service has heard of it does, whether or not anybody is left to be told.
    let doing = tokio::spawn(async move { cloud.call(&caller, request).await });
    let answer = doing.await.unwrap_or(Err(Broken::AnswerLost));
    if fate == Fate::After(number) {
        present.strike(Signal::SIGKILL, |counts| &mut counts.killed_after_call).await;
    }
    answer
}
