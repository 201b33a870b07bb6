//! Runs functions as Lambda does: each in an invocation of its own, bounded in time, and whatever it does,
//! the market goes on.

use std::{collections::BTreeMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};

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
        let happenings = self.happenings.clone();
        let (tell, told) = oneshot::channel();
        self.tasks.spawn(async move {
            let started = Instant::now();
            let run = deployed.invoke(invocation);
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
    async fn invoke(&self, invocation: Invocation) -> Answer {
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
        let ended = tokio::time::timeout(limit, Killed::new(run, killed_at)).await;
        if matches!(ended, Err(_) | Ok(None)) {
            self.environment.renew();
        }
        match ended {
            Err(_) => Err(Failure::TimedOut { seconds: self.spec.timeout }),
            Ok(None) => Err(Failure::Killed),
            Ok(Some(Err(panic))) => Err(Failure::Panicked(message_of(panic.as_ref()))),
            Ok(Some(Ok(Err(error)))) => Err(error.into()),
            Ok(Some(Ok(Ok(answer)))) if answer.get().len() > PAYLOAD_LIMIT => {
                Err(Failure::TooLarge { what: "answer" })
            }
            Ok(Some(Ok(Ok(answer)))) => Ok(answer),
        }
    }
}

fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}
