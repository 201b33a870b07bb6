//! What the functions' processes work on: the template's resources in an emulated cloud, reached over HTTP,
//! where every function may do what its policy allows and nothing else.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::json;
use souk::runtime::{Transport, web::Outside};
use souk_cloud::{Caller, Cloud, iam::Policy};
use souk_local::{
    engine::{self, MarketOptions},
    template::FunctionSpec,
};
use tokio::net::TcpListener;

use super::{process::Spec, scene::Scene};

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
        let mut functions = BTreeMap::new();
        let calls = Arc::default();
        for function in market.stack().functions.values() {
            let endpoint = endpoint(market.cloud(), function, &calls).await?;
            functions.insert(function.binary.clone(), spec(function, endpoint));
        }
        Ok(Self { functions, region, named, calls, _market: market })
    }
}

fn spec(function: &FunctionSpec, endpoint: String) -> Spec {
    Spec {
        name: function.name.clone(),
        arn: function.arn.clone(),
        memory: function.memory,
        timeout: Duration::from_secs(function.timeout.into()),
        environment: function.environment.clone(),
        endpoint,
    }
}

/// An address at which AWS's services answer one function, with that function's rights.
async fn endpoint(
    cloud: &Arc<Cloud>,
    function: &FunctionSpec,
    calls: &Arc<AtomicU64>,
) -> Result<String, String> {
    let policy = Policy::parse(&json!({"Version": "2012-10-17", "Statement": function.statements}))
        .map_err(|error| format!("the policy of {}: {error}", function.name))?;
    let caller = Arc::new(Caller::with_policy(&function.name, Arc::new(policy)));
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let (cloud, calls) = (Arc::clone(cloud), Arc::clone(calls));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (cloud, caller, calls) = (Arc::clone(&cloud), Arc::clone(&caller), Arc::clone(&calls));
            let service = hyper::service::service_fn(move |request| {
                calls.fetch_add(1, Ordering::Relaxed);
                exchange(Arc::clone(&cloud), Arc::clone(&caller), request)
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    Ok(format!("http://{address}"))
}

async fn exchange(
    cloud: Arc<Cloud>,
    caller: Arc<Caller>,
    request: http::Request<hyper::body::Incoming>,
) -> Result<http::Response<Full<Bytes>>, Infallible> {
    let broken = || http::Response::builder().status(500).body(Full::default());
    let (parts, body) = request.into_parts();
    let answer = match body.collect().await {
        Ok(body) => cloud.call(&caller, http::Request::from_parts(parts, body.to_bytes())).await.ok(),
        Err(_) => None,
    };
    Ok(answer.map_or_else(|| broken().unwrap_or_default(), |answer| answer.map(Full::new)))
}
