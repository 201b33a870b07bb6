//! What a test asks of an open market beside its answers.

use souk::runtime::{App, Settings, Transport};
use souk_cloud::{Caller, iam::Grant};

use super::market::{Engine, Market};

impl Market {
    /// The permissions that no function has needed since the market opened, each with its function's logical id: what
    /// the template grants too much, if all that Souk does was done.
    pub fn unused_grants(&self) -> Vec<(String, Grant)> {
        let functions = &self.engine().runner.functions;
        let unused = |(id, function): (&String, _)| -> Vec<_> {
            let deployed: &std::sync::Arc<super::runner::Deployed> = function;
            deployed.policy.unused().into_iter().map(|grant| (id.clone(), grant)).collect()
        };
        functions.iter().flat_map(unused).collect()
    }

    /// The world as a function with these settings and every permission sees it.
    pub fn operator(&self, settings: Settings) -> App {
        self.engine().operator(settings, Caller::everything("operator"))
    }
}

impl Engine {
    /// The world as `caller` with these settings sees it.
    pub(crate) fn operator(&self, settings: Settings, caller: Caller) -> App {
        let transport = Transport {
            credentials: None,
            http_client: self.cloud.http_client(caller),
            region: self.stack.place.region.clone(),
            endpoint: None,
            outside: self.outside.clone(),
        };
        App::new(settings, transport, self.clock.clone(), self.entropy.clone())
    }
}
