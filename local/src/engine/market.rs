//! The market: everything that a template declares, open in this process.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use serde_json::value::RawValue;
use souk::runtime::{App, Clock, Entropy, Function, web::Outside};
use souk_cloud::{Cloud, CloudError, Faults, Observer};
use tokio::sync::broadcast;

use super::{
    activity::Activity,
    chaos::Chaos,
    gateway::Gateway,
    happening::{Cause, Happening},
    open,
    runner::{Answer, Failure, Runner},
    sources::Delivery,
    tasks::Tasks,
    tripwire::{Trespass, Tripwire},
    webhooks::Webhooks,
};
use crate::template::{Stack, StackPlace, TemplateError};

/// How a market is opened.
#[derive(Clone)]
pub struct MarketOptions {
    /// The text of the template.
    pub template: String,
    /// Where the stack lives.
    pub place: StackPlace,
    /// The template's parameters that differ from their defaults.
    pub parameters: BTreeMap<String, String>,
    /// Environment variables that functions have beside the template's, such as a log level.
    pub environment: BTreeMap<String, String>,
    /// The code of the template's functions, by binary name.
    pub functions: Vec<Function>,
    /// Tells the time to functions and services.
    pub clock: Clock,
    /// Gives functions and gateway their randomness.
    pub entropy: Entropy,
    /// Keeps everything in this folder; nothing keeps all in memory.
    pub data: Option<PathBuf>,
    /// How queues deliver.
    pub delivery: Delivery,
    /// The world that is not AWS; the internet where absent.
    pub outside: Option<Outside>,
    /// Makes AWS calls go wrong.
    pub faults: Option<Arc<dyn Faults>>,
    /// Kills, replaces and misleads execution environments.
    pub chaos: Option<Arc<dyn Chaos>>,
    /// Told of every AWS call, beside the market's own happenings.
    pub observer: Option<Arc<dyn Observer>>,
    /// Enforces DynamoDB's limit of 1,000 write units a second on each partition key.
    pub partition_limits: bool,
    /// Whether schedules run. A test that wants to call the sweeper itself turns them off.
    pub schedules: bool,
    /// Whether the sandbox notifies stores of payments that it decides on late. A test that wants to send its
    /// notifications itself turns it off.
    pub webhooks: bool,
    /// Whether only as much runs at once as the machine has use for, the rest waiting for its turn, and who makes a call
    /// gives way to others meanwhile.
    pub turns: bool,
    /// Whether every key that a function names is held against what its invocation is about.
    pub tripwire: bool,
}

impl MarketOptions {
    /// The market of `template` with the code in `functions`, in memory, by the machine's own clock.
    pub fn new(template: impl Into<String>, functions: Vec<Function>) -> Self {
        Self {
            template: template.into(),
            place: StackPlace::default(),
            parameters: BTreeMap::new(),
            environment: BTreeMap::new(),
            functions,
            clock: Clock::system(),
            entropy: Entropy::system(),
            data: None,
            delivery: Delivery::default(),
            outside: None,
            faults: None,
            chaos: None,
            observer: None,
            partition_limits: false,
            schedules: true,
            webhooks: true,
            turns: false,
            tripwire: true,
        }
    }
}

/// A market that can't open.
#[derive(Debug, thiserror::Error)]
pub enum MarketError {
    /// The template can't be read or run.
    #[error("the template: {0}")]
    Template(#[from] TemplateError),
    /// The template builds a function from a binary that isn't here.
    #[error("the template's function {id} is built from {binary:?}, and no function is called so")]
    NoCode {
        /// The function's logical id.
        id: String,
        /// The binary that the template names.
        binary: String,
    },
    /// A function that is here isn't in the template.
    #[error("the function {0:?} isn't in the template")]
    NotInTemplate(String),
    /// The emulated services don't open.
    #[error(transparent)]
    Cloud(#[from] CloudError),
    /// Something in the template can't be made.
    #[error("{what} can't be made: {reason}")]
    Make {
        /// Which resource.
        what: String,
        /// Why not.
        reason: String,
    },
}

/// An open market. Clones are the same market; when the last one goes, it closes as a crash would close it.
#[derive(Clone)]
pub struct Market(Arc<Open>);

struct Open {
    engine: Arc<Engine>,
    tasks: Arc<Tasks>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.tasks.abort();
    }
}

/// What a market's tasks share.
pub(crate) struct Engine {
    pub stack: Stack,
    pub cloud: Arc<Cloud>,
    pub runner: Runner,
    pub gateway: Gateway,
    pub activity: Activity,
    pub happenings: broadcast::Sender<Happening>,
    pub clock: Clock,
    pub entropy: Entropy,
    pub outside: Outside,
    pub delivery: Delivery,
    /// Turns true when pollers shall take no more.
    pub closing: tokio::sync::watch::Sender<bool>,
    pub tasks: Arc<Tasks>,
    pub webhooks: Arc<Webhooks>,
    /// The world as the sandbox sees it, where it notifies stores.
    pub sandbox: OnceLock<App>,
    pub tripwire: Option<Arc<Tripwire>>,
}

impl Market {
    /// Opens a market: makes what the template declares, and starts to listen to it. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`MarketError`] naming what is wrong.
    pub async fn open(options: MarketOptions) -> Result<Self, MarketError> {
        let engine = open::open(options).await?;
        Ok(Self(Arc::new(Open { tasks: Arc::clone(&engine.tasks), engine })))
    }

    /// Answers one request as the gateway does.
    pub async fn request(&self, request: http::Request<Bytes>) -> http::Response<Bytes> {
        self.engine().gateway_answer(request).await
    }

    /// Runs a function, called by its logical id, name, ARN or binary, and waits for its answer.
    ///
    /// # Errors
    /// [`Failure`]: why there is no answer.
    pub async fn invoke(&self, function: &str, event: Box<RawValue>) -> Answer {
        let engine = self.engine();
        let Some(spec) = engine.stack.function(function) else {
            return Err(Failure::Unknown(function.to_owned()));
        };
        engine.runner.run(&spec.id, event, Cause::Direct).await
    }

    /// Listens to what happens from now on. A listener that falls far behind misses some of it.
    pub fn happenings(&self) -> broadcast::Receiver<Happening> {
        self.engine().happenings.subscribe()
    }

    /// What the function built from `binary` may touch: its settings, and AWS under its policy.
    pub fn app(&self, binary: &str) -> Option<App> {
        let functions = &self.engine().runner.functions;
        functions
            .values()
            .find(|deployed| deployed.spec.binary == binary)
            .map(|deployed| deployed.environment.app())
    }

    /// How many keys that functions named were held against what their invocation is about.
    pub fn keys_checked(&self) -> u64 {
        self.engine().tripwire.as_ref().map_or(0, |wire| wire.checked())
    }

    /// The keys so far that were none of their invocation's business.
    pub fn trespasses(&self) -> Vec<Trespass> {
        self.engine().tripwire.as_ref().map(|wire| wire.trespasses()).unwrap_or_default()
    }

    /// What the template declares.
    pub fn stack(&self) -> &Stack {
        &self.engine().stack
    }

    /// The emulated services.
    pub fn cloud(&self) -> &Arc<Cloud> {
        &self.engine().cloud
    }

    /// The market's clock.
    pub fn clock(&self) -> &Clock {
        &self.engine().clock
    }

    /// Takes nothing more from queues, streams and schedules, and waits until what runs has ended.
    pub async fn close(&self) {
        let engine = self.engine();
        engine.closing.send_replace(true);
        let mut pulse = engine.activity.pulse();
        while engine.activity.count() > 0 {
            if pulse.changed().await.is_err() {
                break;
            }
        }
        self.0.tasks.abort();
    }

    pub(crate) fn engine(&self) -> &Arc<Engine> {
        &self.0.engine
    }
}

impl Engine {
    /// Tells of something. Nobody listening is no failure.
    pub(crate) fn tell(&self, happening: Happening) {
        let _ = self.happenings.send(happening);
    }

    /// Whether the market closes.
    pub(crate) fn is_closing(&self) -> bool {
        *self.closing.borrow()
    }

    /// Ends when the market closes.
    pub(crate) async fn closed(&self) {
        let mut closing = self.closing.subscribe();
        // The sender lives as long as the engine does.
        let _ = closing.wait_for(|closing| *closing).await;
    }
}
