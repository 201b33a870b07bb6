//! Runs functions as Lambda does: each in an invocation of its own, bounded in time, and whatever it does,
//! the market goes on.

use std::{
    collections::BTreeMap,
    future::{Future, poll_fn},
    panic::AssertUnwindSafe,
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use futures::FutureExt as _;
use serde_json::value::RawValue;
use souk::runtime::{Clock, Entropy, Function, Invocation, InvocationError};
use souk_cloud::{guarded, iam::Policy};
use tokio::{
    sync::{Semaphore, broadcast, oneshot},
    time::Instant,
};

use super::{
    activity::Activity,
    busy::Busy,
    chaos::{Fate, Killed},
    environment::Environment,
    happening::{Cause, Happening, RunRecord},
    ids,
    tasks::Tasks,
    tripwire::Tripwire,
    turns::Turns,
};
use crate::template::FunctionSpec;

/// The largest event and the largest answer of an invocation that waits for its answer.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub(crate) const PAYLOAD_LIMIT: usize = 6 * 1024 * 1024;

/// A function in its place.
#[derive(Debug)]
pub(crate) struct Deployed {
    pub spec: FunctionSpec,
    pub function: Function,
    pub environment: Environment,
    pub policy: Arc<Policy>,
    pub config: Arc<lambda_runtime::Config>,
    /// Reserved concurrency.
    pub gate: Option<Semaphore>,
}

/// Why an invocation has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The handler failed.
    #[error("{0}")]
    Handler(#[from] InvocationError),
    /// The handler panicked.
    #[error("panicked: {0}")]
    Panicked(String),
    /// The function's time was up.
    #[error("Task timed out after {seconds}.00 seconds")]
    TimedOut {
        /// The function's timeout.
        seconds: u32,
    },
    /// Its process was killed.
    #[error("Runtime exited with error: signal: killed")]
    Killed,
    /// As many run as the function's reserved concurrency allows.
    #[error("Rate Exceeded.")]
    Throttled,
    /// The event or the answer is over Lambda's limit.
    #[error("the {what} is larger than 6 MB")]
    TooLarge {
        /// `event` or `answer`.
        what: &'static str,
    },
    /// No function is called so.
    #[error("the template has no function {0}")]
    Unknown(String),
    /// The market closed meanwhile.
    #[error("the market closed")]
    Closed,
}

/// An answer, or why there is none.
pub type Answer = Result<Box<RawValue>, Failure>;

/// Runs the functions of a market.
#[derive(Debug)]
pub(crate) struct Runner {
    pub functions: BTreeMap<String, Arc<Deployed>>,
    pub clock: Clock,
    pub entropy: Entropy,
    pub activity: Activity,
    pub happenings: broadcast::Sender<Happening>,
    pub tasks: Arc<Tasks>,
    pub tripwire: Option<Arc<Tripwire>>,
    pub turns: Turns,
}

impl Runner {
    /// Runs the function with this logical id on `event`, in a task of its own: it runs to its end even where
    /// nobody waits for the answer any more, as on Lambda.
    pub(crate) async fn run(&self, id: &str, event: Box<RawValue>, cause: Cause) -> Answer {
        let Some(deployed) = self.functions.get(id).map(Arc::clone) else {
            return Err(Failure::Unknown(id.to_owned()));
        };
        if event.get().len() > PAYLOAD_LIMIT {
            return Err(Failure::TooLarge { what: "event" });
        }
        // A request has had its turn at the gateway.
        let _turn = match cause.is_behind_the_scenes() {
            true => self.turns.behind_the_scenes().await,
            false => None,
        };
        let request_id = ids::uuid(&self.entropy);
        let trace = ids::trace(&self.entropy, self.clock.now());
        let now = u64::try_from(self.clock.now().as_millisecond()).unwrap_or(0);
        let mut context = lambda_runtime::Context::default();
        context.request_id.clone_from(&request_id);
        context.deadline = now + u64::from(deployed.spec.timeout) * 1000;
        context.invoked_function_arn.clone_from(&deployed.spec.arn);
        context.xray_trace_id = Some(trace);
        context.env_config = Arc::clone(&deployed.config);
        let binary = &deployed.spec.binary;
        let guard =
            self.tripwire.as_ref().map(|wire| wire.invocation(binary, event.get(), deployed.function.kind()));
        let invocation = Invocation { event, context };

        let under_way = self.activity.begin();
        let (happenings, clock) = (self.happenings.clone(), self.clock.clone());
        let (tell, told) = oneshot::channel();
        self.tasks.spawn(async move {
            let started = Instant::now();
            let run = deployed.invoke(invocation, &clock);
            let (answer, busy) = match guard {
                Some(guard) => Busy::of(guarded(guard, run)).await,
                None => Busy::of(run).await,
            };
            if let Err(failure) = &answer {
                deployed.environment.failed(failure);
            }
            // Nobody listening is no failure.
            let _ = happenings.send(Happening::Run(RunRecord {
                function: deployed.spec.id.clone(),
                binary: deployed.spec.binary.clone(),
                request_id,
                cause,
                duration: started.elapsed(),
                busy,
                memory: deployed.spec.memory,
                failure: answer.as_ref().err().map(ToString::to_string),
            }));
            let _ = tell.send((answer, under_way));
        });
        match told.await {
            Ok((answer, _under_way)) => answer,
            Err(_) => Err(Failure::Closed),
        }
    }
}

impl Deployed {
    async fn invoke(&self, invocation: Invocation, clock: &Clock) -> Answer {
        let _permit = match &self.gate {
            None => None,
            Some(gate) => Some(gate.try_acquire().map_err(|_| Failure::Throttled)?),
        };
        let limit = Duration::from_secs(u64::from(self.spec.timeout));
        let Fate { fresh, killed_at } = self.environment.fate();
        if fresh {
            self.environment.renew();
        }
        let app = self.environment.app();
        let run = AssertUnwindSafe(self.function.invoke(app, invocation)).catch_unwind();
        let ended = in_time(Killed::new(run, killed_at), clock, limit).await;
        if matches!(ended, None | Some(None)) {
            self.environment.renew();
        }
        match ended {
            None => Err(Failure::TimedOut { seconds: self.spec.timeout }),
            Some(None) => Err(Failure::Killed),
            Some(Some(Err(panic))) => Err(Failure::Panicked(message_of(panic.as_ref()))),
            Some(Some(Ok(Err(error)))) => Err(error.into()),
            Some(Some(Ok(Ok(answer)))) if answer.get().len() > PAYLOAD_LIMIT => {
                Err(Failure::TooLarge { what: "answer" })
            }
            Some(Some(Ok(Ok(answer)))) => Ok(answer),
        }
    }
}

/// What `run` comes to, unless its time is over first: as it passes, or as the clock says, which may be moved on at once.
/// No function outlives its time on Lambda, and proofs rest on that.
async fn in_time<F: Future>(run: F, clock: &Clock, limit: Duration) -> Option<F::Output> {
    let deadline = clock.now() + limit;
    let mut run = pin!(run);
    let run = poll_fn(|context| match clock.now() > deadline {
        true => Poll::Ready(None),
        false => run.as_mut().poll(context).map(Some),
    });
    tokio::time::timeout(limit, run).await.ok().flatten()
}

fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

    use jiff::{SignedDuration, Timestamp};

    use super::*;

    /// Takes a step a second, ten in all, in four and a half seconds, where the clock is moved on by `leap` seconds at
    /// the third: how many were taken, and whether all were.
    async fn steps_of(leap: i64) -> (u32, bool) {
        let (began, ahead) = (Instant::now(), Arc::new(AtomicI64::new(0)));
        let moved = Arc::clone(&ahead);
        let clock = Clock::from_fn(move || {
            let passed = SignedDuration::try_from(began.elapsed()).expect("a short time");
            Timestamp::UNIX_EPOCH + passed + SignedDuration::from_secs(moved.load(Ordering::Relaxed))
        });
        let steps = AtomicU32::new(0);
        let run = async {
            for _ in 0..10 {
                tokio::time::sleep(Duration::from_secs(1)).await;
                if steps.fetch_add(1, Ordering::Relaxed) == 2 {
                    ahead.store(leap, Ordering::Relaxed);
                }
            }
        };
        let ended = in_time(run, &clock, Duration::from_millis(4_500)).await;
        (steps.load(Ordering::Relaxed), ended.is_some())
    }

    #[tokio::test(start_paused = true)]
    async fn no_run_outlives_its_time_however_it_passes() {
        assert_eq!(steps_of(0).await, (4, false));
        // By the clock it is over, and nothing more is done.
        assert_eq!(steps_of(3_600).await, (3, false));
    }
}
