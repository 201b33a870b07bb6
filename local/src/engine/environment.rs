//! The execution environment in which a function's invocations run: it keeps what it learned until it is replaced.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use souk::runtime::{App, Clock, Entropy, MetricSink, Settings, Transport};

use super::{
    chaos::{Chaos, Fate},
    market::MarketOptions,
    runner::Failure,
};

/// A function's environment, and what the next one is made of.
pub(crate) struct Environment {
    function: String,
    settings: Settings,
    transport: Transport,
    clock: Clock,
    entropy: Entropy,
    metrics: MetricSink,
    chaos: Option<Arc<dyn Chaos>>,
    app: Mutex<App>,
}

impl Environment {
    pub(super) fn new(
        function: &str,
        options: &MarketOptions,
        settings: Settings,
        transport: Transport,
        metrics: MetricSink,
    ) -> Self {
        let (clock, entropy) = (options.clock.clone(), options.entropy.clone());
        let app = App::with_metrics(
            settings.clone(),
            transport.clone(),
            clock.clone(),
            entropy.clone(),
            metrics.clone(),
        );
        let (function, chaos, app) = (function.to_owned(), options.chaos.clone(), Mutex::new(app));
        Self { function, settings, transport, clock, entropy, metrics, chaos, app }
    }

    /// The world as the environment sees it.
    pub(crate) fn app(&self) -> App {
        self.app.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What becomes of the next invocation.
    pub(super) fn fate(&self) -> Fate {
        self.chaos.as_ref().map(|chaos| chaos.fate(&self.function)).unwrap_or_default()
    }

    /// An invocation has no answer.
    pub(super) fn failed(&self, failure: &Failure) {
        if let Some(chaos) = &self.chaos {
            chaos.ended(&self.function, failure);
        }
    }

    /// From now on a fresh environment, which remembers nothing, takes the invocations.
    pub(super) fn renew(&self) {
        let clock = match &self.chaos {
            Some(chaos) => chaos.clock(&self.function, &self.clock),
            None => self.clock.clone(),
        };
        let (settings, transport) = (self.settings.clone(), self.transport.clone());
        let fresh = App::with_metrics(settings, transport, clock, self.entropy.clone(), self.metrics.clone());
        *self.app.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Environment").field(&self.function).finish()
    }
}
