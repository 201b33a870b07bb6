//! Counts calls, and has the chosen ones go wrong.

use std::{
    str::FromStr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use souk_cloud::{AwsError, CallInfo, Delivery, Fault, Faults};

use super::Troubles;
use crate::item;

/// As often is a call throttled that is: more often than a client of AWS tries.
const THROTTLED: u32 = 4;

/// How a call goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Its caller hangs before it is done, and is killed when its time is up.
    Before,
    /// Its caller hangs once it is done, and is killed when its time is up.
    After,
    /// It is throttled, until its caller's client gives up.
    Throttled,
    /// It is done, and the answer is lost.
    Lost,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Before, Self::After, Self::Throttled, Self::Lost];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
            Self::Throttled => "throttled",
            Self::Lost => "lost",
        }
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|mode| mode.as_str() == text);
        found.ok_or_else(|| "is none of before, after, throttled, lost".to_owned())
    }
}

/// A call, as far as it tells it from others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// Which function makes it.
    pub caller: String,
    /// Which operation it is.
    pub operation: String,
    /// What kinds of items it is about.
    pub about: String,
}

/// The calls of one story.
pub struct Sites(Mutex<State>);

struct State {
    armed: bool,
    troubles: Troubles,
    seen: Vec<Site>,
    happened: usize,
    /// Which call is throttled, and how often still.
    throttled: Option<(Site, u32)>,
    /// What becomes of the answer of the call that is made now.
    fate: Option<(Site, Delivery)>,
}

impl Sites {
    pub fn new(troubles: Troubles) -> Arc<Self> {
        let (seen, throttled, fate) = (Vec::new(), None, None);
        Arc::new(Self(Mutex::new(State { armed: false, troubles, seen, happened: 0, throttled, fate })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts from now on.
    pub fn arm(&self) {
        self.state().armed = true;
    }

    /// Nothing goes wrong any more.
    pub fn disarm(&self) {
        self.state().armed = false;
    }

    /// The calls that were made.
    pub fn seen(&self) -> Vec<Site> {
        self.state().seen.clone()
    }

    /// How much went wrong.
    pub fn happened(&self) -> usize {
        self.state().happened
    }
}

fn site(call: &CallInfo) -> Site {
    let kinds: Vec<&str> =
        call.keys.iter().map(|(_, key)| item::thing(key).map_or("shared", |(kind, _)| kind)).collect();
    Site { caller: call.caller.clone(), operation: call.operation.clone(), about: kinds.join("+") }
}

/// Whether a call is part of a story. The sweeper looks every minute, whatever the story is; and who may call is asked
/// before any of it.
fn counts(call: &CallInfo) -> bool {
    !["operator", "sweep", "authorizer", "test"].contains(&call.caller.as_str())
}

impl Faults for Sites {
    fn before(&self, call: &CallInfo) -> Option<Fault> {
        let mut state = self.state();
        if !state.armed || !counts(call) {
            return None;
        }
        let site = site(call);
        if let Some((throttled, left)) = &mut state.throttled
            && *throttled == site
            && *left > 0
        {
            *left -= 1;
            return Some(throttle());
        }
        let place = state.seen.len();
        state.seen.push(site.clone());
        let mode = state.troubles.iter().find(|(at, _)| *at == place).map(|(_, mode)| *mode)?;
        state.happened += 1;
        match mode {
            Mode::Before => Some(Fault::Delay(Duration::from_secs(3600))),
            Mode::Throttled => {
                state.throttled = Some((site, THROTTLED - 1));
                Some(throttle())
            }
            Mode::After => {
                state.fate = Some((site, Delivery::Silence));
                None
            }
            Mode::Lost => {
                state.fate = Some((site, Delivery::Lose));
                None
            }
        }
    }

    fn after(&self, call: &CallInfo) -> Delivery {
        let mut state = self.state();
        let mine = state.fate.as_ref().is_some_and(|(of, _)| *of == site(call));
        if mine { state.fate.take().map_or(Delivery::Deliver, |(_, fate)| fate) } else { Delivery::Deliver }
    }
}

fn throttle() -> Fault {
    Fault::Refuse(AwsError::new("ThrottlingException", "slow down").into())
}
