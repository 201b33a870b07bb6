//! The storm: decides what goes wrong, by the seed and the plan's chances.

use std::{
    collections::BTreeMap,
    future::poll_fn,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    task::Poll,
    time::Duration,
};

use bytes::Bytes;
use fastrand::Rng;
use http::StatusCode;
use jiff::SignedDuration;
use serde_json::{json, value::RawValue};
use souk::runtime::{Clock, Function, InvocationError};
use souk_cloud::{AwsError, CallInfo, Delivery, Fault, Faults, Instead, Refusal};
use souk_local::engine::{Chaos, Delivery as Redelivery, Failure, Fate, seeded_entropy};

use crate::{
    bug::{Bug, Planted},
    kind::Kind,
    partial,
    plan::{Plan, WHOLE},
};

/// How often each kind of fault happened.
pub type Counts = BTreeMap<Kind, u64>;

/// By how many milliseconds a clock is off at most, jumps and all: ten minutes.
const MOST_SKEW: i64 = 600_000;

/// The function whose messages may be lost: a sweeper looks after every order.
const SAGA: &str = "advance-orders";

/// Who stands outside, and whom nothing happens to.
const OPERATOR: &str = "operator";

/// Everything that goes wrong in one run.
pub struct Weather {
    plan: Plan,
    bug: Option<Arc<Planted>>,
    on: AtomicBool,
    /// Whether there is a clock to be off.
    skewed: Arc<AtomicBool>,
    /// By how many milliseconds the clocks have jumped.
    jump: Arc<AtomicI64>,
    /// How many nights have passed at once.
    nights: AtomicU64,
    state: Mutex<State>,
}

struct State {
    rng: Rng,
    counts: Counts,
    panics: Vec<String>,
}

impl Weather {
    /// The weather of a plan. It is calm until it is told to begin.
    pub fn new(plan: &Plan, bug: Option<&'static Bug>) -> Arc<Self> {
        let rng = Rng::with_seed(plan.seed ^ 0x7765_6174);
        Arc::new(Self {
            plan: plan.clone(),
            bug: bug.map(|bug| Arc::new(Planted::new(bug, plan.seed))),
            on: AtomicBool::new(false),
            skewed: Arc::default(),
            jump: Arc::default(),
            nights: AtomicU64::new(0),
            state: Mutex::new(State { rng, counts: Counts::new(), panics: Vec::new() }),
        })
    }

    /// Begins the storm.
    pub fn begin(&self) {
        self.on.store(true, Ordering::Relaxed);
        self.skewed.store(self.plan.chance(Kind::Skew) > 0, Ordering::Relaxed);
    }

    /// Ends it.
    pub fn end(&self) {
        self.on.store(false, Ordering::Relaxed);
        self.skewed.store(false, Ordering::Relaxed);
    }

    /// A night passes at once. Whatever runs as it falls does nothing in the morning: on Lambda its time is long over, and
    /// proofs rest on that.
    pub fn night(&self) {
        self.nights.fetch_add(1, Ordering::Relaxed);
    }

    /// How often what happened.
    pub fn counts(&self) -> Counts {
        self.state().counts.clone()
    }

    /// How often the bug that was planted made a difference.
    pub fn struck(&self) -> u64 {
        self.bug.as_ref().map_or(0, |bug| bug.struck())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }

    /// Whether `kind` happens now; counted, if it does.
    pub fn strikes(&self, kind: Kind) -> bool {
        self.on() && self.strikes_in(kind, &mut self.state())
    }

    fn strikes_in(&self, kind: Kind, state: &mut State) -> bool {
        let chance = self.plan.chance(kind);
        let strikes = chance > 0 && state.rng.u32(..WHOLE) < chance;
        if strikes {
            *state.counts.entry(kind).or_default() += 1;
        }
        strikes
    }

    /// The code of the market's functions, as it runs in this weather: messages of the saga are lost, one function may
    /// have a bug, and none outlives a night.
    pub fn functions(self: &Arc<Self>) -> Vec<Function> {
        let functions = souk_local::functions();
        let functions = match &self.bug {
            Some(bug) => bug.functions(functions),
            None => functions,
        };
        let lossy = |function: Function| match function.name() == SAGA {
            true => Arc::clone(self).lossy(function),
            false => function,
        };
        functions.into_iter().map(lossy).map(|function| Arc::clone(self).mortal(function)).collect()
    }

    /// The function, whose runs end where they stand when a night passes.
    fn mortal(self: Arc<Self>, function: Function) -> Function {
        Function::raw(function.name(), function.kind(), move |app, invocation| {
            let (weather, function) = (Arc::clone(&self), function.clone());
            Box::pin(async move {
                let nights = || weather.nights.load(Ordering::Relaxed);
                let begun = nights();
                let mut run = pin!(function.invoke(app, invocation));
                poll_fn(|context| match nights() == begun {
                    true => run.as_mut().poll(context),
                    false => Poll::Ready(Err(InvocationError::new("TimedOut", "a night has passed"))),
                })
                .await
            })
        })
    }

    /// The function, some of whose messages are lost. Of the saga only: no order may need one. In the morning none is lost:
    /// the sweeper looks every few hours at a refund that has waited all night, and everything has 15 minutes to settle.
    fn lossy(self: Arc<Self>, function: Function) -> Function {
        Function::raw(function.name(), function.kind(), move |app, invocation| {
            let (weather, function) = (Arc::clone(&self), function.clone());
            Box::pin(async move {
                let morning = weather.nights.load(Ordering::Relaxed) > 0;
                if !morning && weather.strikes(Kind::Drop) {
                    return Ok(RawValue::from_string("{}".to_owned()).expect("this is JSON"));
                }
                function.invoke(app, invocation).await
            })
        })
    }

    /// What panicked.
    pub fn panics(&self) -> Vec<String> {
        self.state().panics.clone()
    }

    /// How queues deliver in a run with bad ones.
    pub fn delivery(&self) -> Redelivery {
        Redelivery {
            copies: 2 + self.plan.chance(Kind::Redeliver) / 4_000,
            delay: Duration::from_secs(8),
            entropy: Some(seeded_entropy(self.plan.seed)),
        }
    }

    /// A number below `bound`.
    pub fn below(&self, bound: u64) -> u64 {
        self.state().rng.u64(..bound.max(1))
    }

    /// What refuses a call, where something does.
    fn refusal(&self, call: &CallInfo, state: &mut State) -> Option<Refusal> {
        let dynamodb = call.service == "dynamodb";
        if self.strikes_in(Kind::Throttle, state) {
            let code =
                if dynamodb { "ProvisionedThroughputExceededException" } else { "ThrottlingException" };
            return Some(AwsError::new(code, "slow down").into());
        }
        if dynamodb && call.operation == "TransactWriteItems" && self.strikes_in(Kind::Conflict, state) {
            return Some(conflict(call.keys.len().max(1), state.rng.usize(..call.keys.len().max(1))));
        }
        if self.strikes_in(Kind::Internal, state) {
            let error = AwsError::new("InternalServerError", "something broke");
            return Some(error.with_status(StatusCode::INTERNAL_SERVER_ERROR).into());
        }
        None
    }
}

/// How a transaction of so many elements is refused of which one meets another transaction.
pub fn conflict(elements: usize, at: usize) -> Refusal {
    let code = |place| if place == at { "TransactionConflict" } else { "None" };
    let reasons: Vec<_> = (0..elements).map(|place| json!({"Code": code(place)})).collect();
    let message = "Transaction cancelled, please refer cancellation reasons for specific reasons";
    Refusal::from(AwsError::new("TransactionCanceledException", message))
        .with_member("CancellationReasons", reasons.into())
}

impl Faults for Weather {
    fn request(&self, caller: &str, _: &str, operation: &str, body: &Bytes) -> Option<Instead> {
        if let Some(instead) = self.bug.as_ref().and_then(|bug| bug.request(caller, operation, body)) {
            return Some(instead);
        }
        if !self.on() || caller == OPERATOR || !partial::can_be(operation) {
            return None;
        }
        let mut state = self.state();
        if !self.strikes_in(Kind::Partial, &mut state) {
            return None;
        }
        let (body, held) = partial::hold_back(operation, body, &mut state.rng)?;
        Some(Instead::Ask { body, answer: Box::new(|answer| held.tell(&answer).unwrap_or(answer)) })
    }

    fn answer(&self, call: &CallInfo, body: &Bytes) -> Option<Bytes> {
        if !self.on() || !partial::is_of_index(call) {
            return None;
        }
        let mut state = self.state();
        if !self.strikes_in(Kind::StaleIndex, &mut state) {
            return None;
        }
        partial::stale(body, &mut state.rng)
    }

    fn before(&self, call: &CallInfo) -> Option<Fault> {
        if !self.on() || call.caller == OPERATOR {
            return None;
        }
        let mut state = self.state();
        if let Some(refusal) = self.refusal(call, &mut state) {
            return Some(Fault::Refuse(refusal));
        }
        if self.strikes_in(Kind::Disconnect, &mut state) {
            return Some(Fault::Disconnect);
        }
        if self.strikes_in(Kind::Late, &mut state) {
            return Some(Fault::Late(Duration::from_millis(state.rng.u64(1..20_000))));
        }
        if self.strikes_in(Kind::Slow, &mut state) {
            return Some(Fault::Delay(Duration::from_millis(state.rng.u64(500..12_000))));
        }
        // Every call takes its time, each another: otherwise nothing would come between two of one worker.
        Some(Fault::Delay(Duration::from_millis(state.rng.u64(1..12))))
    }

    fn after(&self, call: &CallInfo) -> Delivery {
        if !self.on() || call.caller == OPERATOR {
            return Delivery::Deliver;
        }
        let mut state = self.state();
        if self.strikes_in(Kind::Lost, &mut state) {
            return Delivery::Lose;
        }
        if self.strikes_in(Kind::Silence, &mut state) {
            return Delivery::Silence;
        }
        Delivery::Delay(Duration::from_millis(state.rng.u64(1..6)))
    }
}

impl Chaos for Weather {
    fn fate(&self, _: &str) -> Fate {
        if !self.on() {
            return Fate::default();
        }
        let mut state = self.state();
        let fresh = self.strikes_in(Kind::Fresh, &mut state);
        let killed = self.strikes_in(Kind::Kill, &mut state);
        Fate { fresh, killed_at: killed.then(|| state.rng.u32(..40)) }
    }

    fn ended(&self, function: &str, failure: &Failure) {
        if let Failure::Panicked(why) = failure {
            self.state().panics.push(format!("panic: {function}: {why}"));
        }
    }

    fn clock(&self, _: &str, clock: &Clock) -> Clock {
        if !self.on() || self.plan.chance(Kind::Skew) == 0 {
            return clock.clone();
        }
        let mut state = self.state();
        if !self.strikes_in(Kind::Skew, &mut state) {
            return clock.clone();
        }
        // Mostly a little, as of machines that keep time; now and then minutes.
        let most = [50, 2_000, 60_000, MOST_SKEW][state.rng.usize(..4)];
        let by = state.rng.i64(-most..=most);
        if state.rng.u32(..4) == 0 {
            self.jump.store(state.rng.i64(-most..=most), Ordering::Relaxed);
        }
        let (clock, skewed, jump) = (clock.clone(), Arc::clone(&self.skewed), Arc::clone(&self.jump));
        Clock::from_fn(move || {
            let now = clock.now();
            if !skewed.load(Ordering::Relaxed) {
                return now;
            }
            let by = (by + jump.load(Ordering::Relaxed)).clamp(-MOST_SKEW, MOST_SKEW);
            now + SignedDuration::from_millis(by)
        })
    }
}
