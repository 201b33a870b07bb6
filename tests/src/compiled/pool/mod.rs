//! The template's functions as Lambda runs them: each in processes of its own, as many as are needed at once, one event
//! at a time, frozen between events, and killed when its time is up. Or at any other moment, where that is asked for.

mod chances;
mod environment;

use std::{
    collections::BTreeMap,
    fmt,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::{Value, json, value::RawValue};
use souk::runtime::{Function, Invocation, InvocationError, Outcome};
use souk_cloud::{Caller, iam::Policy, present_guard};
use souk_local::engine::Market;
use tokio::sync::Semaphore;

use self::{
    chances::Fate,
    environment::{Environment, Ground},
};
use super::{Event, Said, Spec};
use crate::Dice;

pub use chances::{Chances, Counts};

/// How many processes a function has at most. Who comes when all are busy waits.
const MOST: usize = 16;

/// The processes of every function of a market.
#[derive(Clone)]
pub struct Pool(Arc<Inner>);

struct Inner {
    binaries: PathBuf,
    chances: Chances,
    /// Whether anything is killed that could do its work.
    on: AtomicBool,
    dice: Mutex<Dice>,
    counts: Arc<Mutex<Counts>>,
    functions: OnceLock<BTreeMap<String, Arc<Deployed>>>,
}

/// A function in its place.
struct Deployed {
    spec: Spec,
    ground: Ground,
    idle: Mutex<Vec<Environment>>,
    room: Arc<Semaphore>,
}

impl Pool {
    /// Processes of the binaries in a folder. They are left alone until [`Self::begin`].
    pub fn new(binaries: PathBuf, chances: Chances, seed: u64) -> Self {
        Self(Arc::new(Inner {
            binaries,
            chances,
            on: AtomicBool::new(false),
            dice: Mutex::new(Dice::of(seed)),
            counts: Arc::default(),
            functions: OnceLock::new(),
        }))
    }

    /// What a market calls instead of `functions`: the same ones, in processes.
    pub fn functions(&self, functions: &[Function]) -> Vec<Function> {
        let in_process = |function: &Function| {
            let (pool, name) = (self.clone(), function.name());
            Function::raw(name, function.kind(), move |_, invocation| {
                let pool = pool.clone();
                Box::pin(async move { pool.run(name, invocation).await })
            })
        };
        functions.iter().map(in_process).collect()
    }

    /// Tells it of the market that calls it, on whose services the processes work.
    ///
    /// # Errors
    /// A policy that can't be read.
    pub fn serve(&self, market: &Market) -> Result<(), String> {
        let mut functions = BTreeMap::new();
        for function in market.stack().functions.values() {
            let document = json!({"Version": "2012-10-17", "Statement": function.statements});
            let policy = Policy::parse(&document)
                .map_err(|error| format!("the policy of {}: {error}", function.name))?;
            let deployed = Deployed {
                spec: Spec::of(function, String::new()),
                ground: Ground {
                    binary: self.0.binaries.join(&function.binary),
                    cloud: Arc::clone(market.cloud()),
                    caller: Caller::with_policy(&function.binary, Arc::new(policy)),
                    region: market.stack().place.region.clone(),
                    counts: Arc::clone(&self.0.counts),
                },
                idle: Mutex::default(),
                room: Arc::new(Semaphore::new(MOST)),
            };
            functions.insert(function.binary.clone(), Arc::new(deployed));
        }
        let _ = self.0.functions.set(functions);
        Ok(())
    }

    /// From now on processes are killed.
    pub fn begin(&self) {
        self.0.on.store(true, Ordering::Relaxed);
    }

    /// From now on they are left alone.
    pub fn end(&self) {
        self.0.on.store(false, Ordering::Relaxed);
    }

    /// What happened so far.
    pub fn counts(&self) -> Counts {
        counted(&self.0.counts).clone()
    }

    /// Kills one of the processes that wait for an event, if there is one.
    pub fn kill_idle(&self) {
        let functions = self.0.functions.get().into_iter().flat_map(BTreeMap::values);
        let with_idle: Vec<_> = functions.filter(|deployed| !deployed.idle().is_empty()).collect();
        if with_idle.is_empty() || !self.0.on.load(Ordering::Relaxed) {
            return;
        }
        let mut dice = self.0.dice.lock().unwrap_or_else(PoisonError::into_inner);
        let mut idle = dice.one_of(&with_idle).idle();
        let which = usize::try_from(dice.below(idle.len().max(1) as u64)).unwrap_or(0);
        // A process is killed when its environment goes.
        drop(idle.remove(which));
        counted(&self.0.counts).killed_idle += 1;
    }

    /// One event for a function, in a process that is idle, or a new one.
    async fn run(&self, function: &str, invocation: Invocation) -> Outcome {
        let deployed = self.0.functions.get().and_then(|all| all.get(function)).map(Arc::clone);
        let Some(deployed) = deployed else {
            return Err(InvocationError::new("NotDeployed", "nobody serves the market yet"));
        };
        let guard = present_guard();
        let mut unanswered = Unanswered { counts: &self.0.counts, function, answered: false };
        let Ok(room) = Arc::clone(&deployed.room).acquire_owned().await else {
            return Err(InvocationError::new("Closed", "no processes are started any more"));
        };
        let fate = match self.0.on.load(Ordering::Relaxed) {
            true => {
                let mut dice = self.0.dice.lock().unwrap_or_else(PoisonError::into_inner);
                self.0.chances.draw(function, &mut dice)
            }
            false => Fate::Lives,
        };
        counted(&self.0.counts).invocations += 1;
        // The newest one first, as on Lambda: so the rest of them grow old.
        let idle = deployed.idle().pop();
        let started = match idle {
            Some(environment) => Ok(environment),
            None => Environment::start(&deployed.spec, &deployed.ground).await,
        };
        let event = Event {
            request_id: invocation.context.request_id.clone(),
            deadline_ms: invocation.context.deadline.into(),
            arn: invocation.context.invoked_function_arn.clone(),
            payload: invocation.event.get().to_owned().into(),
        };
        let ran = match started {
            Ok(mut environment) => environment.run(event, fate, guard).await.map(|said| (said, environment)),
            Err(error) => Err(error),
        };
        unanswered.answered = true;
        let (said, mut environment) = ran.map_err(|error| {
            counted(&self.0.counts).died(function);
            InvocationError::new("Runtime.ExitError", error)
        })?;
        // Whoever waits has the answer already; the process may still tidy up.
        tokio::spawn(async move {
            if environment.rest().await {
                deployed.idle().push(environment);
            }
            drop(room);
        });
        self.answer(function, said)
    }

    fn answer(&self, function: &str, said: Said) -> Outcome {
        let unreadable = |error: &dyn fmt::Display| InvocationError::new("UnreadableAnswer", error);
        match said {
            Said::Answered(_, body) => {
                let text = String::from_utf8(body.to_vec()).map_err(|error| unreadable(&error))?;
                RawValue::from_string(text).map_err(|error| unreadable(&error))
            }
            Said::Failed(_, body) => {
                let told: Value = serde_json::from_slice(&body).unwrap_or_default();
                let mut counts = counted(&self.0.counts);
                counts.failed += 1;
                if told["errorType"].as_str().is_none_or(|kind| kind.contains("anic")) {
                    counts.troubles.push(format!("{function} panicked: {told}"));
                }
                Err(InvocationError::new("Failed", told["errorMessage"].as_str().unwrap_or_default()))
            }
            other => Err(unreadable(&format!("{other:?}"))),
        }
    }
}

impl Deployed {
    fn idle(&self) -> MutexGuard<'_, Vec<Environment>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An invocation that has no answer yet. Dropped where it stands, when the market gives up on it.
struct Unanswered<'a> {
    counts: &'a Mutex<Counts>,
    function: &'a str,
    answered: bool,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if !self.answered {
            let mut counts = counted(self.counts);
            counts.timed_out += 1;
            counts.died(self.function);
        }
    }
}

fn counted(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}
