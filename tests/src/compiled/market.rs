//! What the functions' processes work on: the template's resources in an emulated cloud, reached over HTTP,
//! where every function may do what its policy allows and nothing else.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::json;
use souk::runtime::{Transport, web::Outside};
use souk_cloud::{Caller, Cloud, iam::Policy};
use souk_local::{
    engine::{self, MarketOptions},
    template::FunctionSpec,
};

use super::{endpoint::Endpoint, process::Spec, scene::Scene};

/// The market that the functions find.
pub struct Market {
    /// Every function of the template, by the name of its binary.
    pub functions: BTreeMap<String, Spec>,
    /// The region it is in.
    pub region: String,
    /// What the samples may name, and the ids of it.
    pub named: Vec<(&'static str, String)>,
    /// How often the functions have called AWS so far.
    pub calls: Arc<AtomicU64>,
    /// Keeps the resources.
    _market: engine::Market,
    /// Where the functions reach them.
    _endpoints: Vec<Endpoint>,
}

impl Market {
    /// Makes what `template.yaml` declares, and in it the store that the samples talk about.
    ///
    /// # Errors
    /// What of it can't be made.
    pub async fn open(root: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(root.join("template.yaml"))
            .map_err(|error| format!("template.yaml: {error}"))?;
        let options = MarketOptions { schedules: false, ..MarketOptions::new(text, souk_local::functions()) };
        let market = engine::Market::open(options).await.map_err(|error| error.to_string())?;
        // From here on the processes do what is done, and nothing runs beside them.
        market.close().await;
        let region = market.stack().place.region.clone();
        let environments = market
            .stack()
            .functions
            .values()
            .map(|function| (function.binary.clone(), function.environment.clone()));
        let transport = Transport {
            http_client: market.cloud().http_client(Caller::everything("scene")),
            credentials: None,
            region: region.clone(),
            endpoint: None,
            outside: Outside::internet(false),
        };
        let named = Scene::new(environments.collect(), transport)
            .play()
            .await
            .map_err(|error| format!("the scene of the samples: {error}"))?;
        let (mut functions, mut endpoints) = (BTreeMap::new(), Vec::new());
        let calls = Arc::default();
        for function in market.stack().functions.values() {
            let endpoint = endpoint(market.cloud(), function, &calls).await?;
            functions
                .insert(function.binary.clone(), Spec::of(function, format!("http://{}", endpoint.address)));
            endpoints.push(endpoint);
        }
        Ok(Self { functions, region, named, calls, _market: market, _endpoints: endpoints })
    }
}

/// An address at which AWS's services answer one function, with that function's rights.
async fn endpoint(
    cloud: &Arc<Cloud>,
    function: &FunctionSpec,
    calls: &Arc<AtomicU64>,
) -> Result<Endpoint, String> {
    let policy = Policy::parse(&json!({"Version": "2012-10-17", "Statement": function.statements}))
        .map_err(|error| format!("the policy of {}: {error}", function.name))?;
    let caller = Arc::new(Caller::with_policy(&function.name, Arc::new(policy)));
    let (cloud, calls) = (Arc::clone(cloud), Arc::clone(calls));
    Endpoint::open(move |request| {
        calls.fetch_add(1, Ordering::Relaxed);
        let (cloud, caller) = (Arc::clone(&cloud), Arc::clone(&caller));
        async move { cloud.call(&caller, request).await }
    })
    .await
    .map_err(|error| error.to_string())
}
