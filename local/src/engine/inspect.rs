//! What a test asks of an open market beside its answers.

use souk::runtime::{App, Settings, Transport};
use souk_cloud::{Caller, iam::Grant};

use super::market::Market;

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
        let engine = self.engine();
        let transport = Transport {
            http_client: engine.cloud.http_client(Caller::everything("operator")),
            credentials: aws_credential_types::Credentials::new("operator", "operator", None, None, "local"),
            region: engine.stack.place.region.clone(),
            endpoint: None,
            outside: engine.outside.clone(),
        };
        App::new(settings, transport, engine.clock.clone(), engine.entropy.clone())
    }
}
