//! Opens a market: makes each resource of the template, puts each function in its place, starts what feeds it.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use serde_json::json;
use souk::runtime::{Function, MetricSink, Settings, Transport, web::Outside};
use souk_cloud::{Caller, Cloud, CloudOptions, Observer, Place, iam::Policy};
use tokio::sync::{Semaphore, broadcast, watch};

use super::{
    activity::Activity,
    environment::Environment,
    gateway::Gateway,
    happening::Happening,
    market::{Engine, MarketError, MarketOptions},
    provision,
    runner::{Deployed, Runner},
    sources,
    tasks::Tasks,
    tripwire::Tripwire,
    turns::Turns,
    watcher::Watcher,
    webhooks::Webhooks,
};
use crate::template::{self, FunctionSpec, Stack, TemplateOptions};

/// How far a listener to happenings may fall behind before it misses some.
const HAPPENINGS: usize = 16_384;

pub(super) async fn open(options: MarketOptions) -> Result<Arc<Engine>, MarketError> {
    let mut resolve = TemplateOptions {
        place: options.place.clone(),
        parameters: options.parameters.clone(),
        arns: BTreeMap::new(),
    };
    let stack = template::load(&options.template, &resolve)?;
    let code = match_code(&stack, &options.functions)?;
    let (happenings, _) = broadcast::channel(HAPPENINGS);
    let webhooks = Arc::new(Webhooks::default());
    let cloud = open_cloud(&options, &stack, &happenings, &webhooks)?;
    resolve.arns = provision::secrets(&cloud, &stack, &options.entropy)?;
    let stack = template::load(&options.template, &resolve)?;
    provision::keys(&cloud, &stack, &options.entropy)?;
    provision::provision(&cloud, &stack).await?;

    let activity = Activity::new();
    let tasks = Arc::new(Tasks::default());
    let listeners = happenings.clone();
    let metrics = MetricSink::from_fn(move |line| {
        let _ = listeners.send(Happening::Metric(line.to_owned()));
    });
    let tripwire = options.tripwire.then(|| Tripwire::new(happenings.clone()));
    let mut functions = BTreeMap::new();
    for (spec, function) in stack.functions.values().zip(code) {
        let deployed = deploy(spec, function, &options, &cloud, &metrics, tripwire.as_ref())?;
        functions.insert(spec.id.clone(), Arc::new(deployed));
    }
    let runner = Runner {
        functions,
        clock: options.clock.clone(),
        entropy: options.entropy.clone(),
        activity: activity.clone(),
        happenings: happenings.clone(),
        tasks: Arc::clone(&tasks),
        tripwire: tripwire.clone(),
        turns: if options.turns { Turns::of_this_machine() } else { Turns::none() },
    };
    let gateway = Gateway::new(&stack);
    let engine = Arc::new(Engine {
        stack,
        cloud,
        runner,
        gateway,
        activity,
        happenings,
        clock: options.clock,
        entropy: options.entropy,
        outside: options.outside.unwrap_or_else(|| Outside::internet(false)),
        delivery: options.delivery,
        closing: watch::Sender::new(false),
        tasks,
        webhooks,
        sandbox: OnceLock::new(),
        tripwire,
    });
    if options.webhooks {
        Webhooks::start(&engine);
    }
    sources::start(&engine, options.schedules)?;
    Ok(engine)
}

/// The code of each function, in the order of the stack's functions.
fn match_code(stack: &Stack, functions: &[Function]) -> Result<Vec<Function>, MarketError> {
    if let Some(function) =
        functions.iter().find(|function| !stack.functions.values().any(|spec| spec.binary == function.name()))
    {
        return Err(MarketError::NotInTemplate(function.name().to_owned()));
    }
    stack
        .functions
        .values()
        .map(|spec| {
            functions
                .iter()
                .find(|function| function.name() == spec.binary)
                .cloned()
                .ok_or_else(|| MarketError::NoCode { id: spec.id.clone(), binary: spec.binary.clone() })
        })
        .collect()
}

fn open_cloud(
    options: &MarketOptions,
    stack: &Stack,
    happenings: &broadcast::Sender<Happening>,
    webhooks: &Arc<Webhooks>,
) -> Result<Arc<Cloud>, MarketError> {
    let clock = options.clock.clone();
    let place = Place {
        account: stack.place.account.clone(),
        region: stack.place.region.clone(),
        clock: Arc::new(move || clock.now()),
    };
    let mut cloud = CloudOptions::new(place);
    cloud.data.clone_from(&options.data);
    cloud.faults.clone_from(&options.faults);
    cloud.partition_limits = options.partition_limits;
    cloud.gives_way = options.turns;
    let watcher = Watcher::new(
        happenings.clone(),
        options.observer.iter().cloned().chain([Arc::clone(webhooks) as Arc<dyn Observer>]).collect(),
    );
    cloud.observer = Some(Arc::clone(&watcher) as Arc<dyn Observer>);
    let cloud = Cloud::open(cloud)?;
    watcher.watch(&cloud);
    Ok(cloud)
}

/// A function in its place: the template's environment, and AWS as its policy lets it see it.
fn deploy(
    spec: &FunctionSpec,
    function: Function,
    options: &MarketOptions,
    cloud: &Arc<Cloud>,
    metrics: &MetricSink,
    tripwire: Option<&Arc<Tripwire>>,
) -> Result<Deployed, MarketError> {
    let document = json!({ "Version": "2012-10-17", "Statement": spec.statements });
    let policy = Policy::parse(&document).map_err(|error| MarketError::Make {
        what: format!("the policy of {}", spec.id),
        reason: error.to_string(),
    })?;
    let policy = Arc::new(policy);
    let mut caller = Caller::with_policy(&spec.binary, Arc::clone(&policy));
    if let Some(wire) = tripwire {
        caller = caller.guarded_by(wire.outside(&spec.binary));
    }
    let memory = spec.memory.to_string();
    let group = format!("/aws/lambda/{}", spec.name);
    let reserved = [
        ("AWS_REGION", options.place.region.as_str()),
        ("AWS_DEFAULT_REGION", &options.place.region),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023"),
        ("AWS_LAMBDA_FUNCTION_NAME", &spec.name),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &memory),
        ("AWS_LAMBDA_LOG_GROUP_NAME", &group),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "local"),
        ("TZ", ":UTC"),
    ];
    let own = |(name, value): (&String, &String)| (name.clone(), value.clone());
    let settings: Settings = spec
        .environment
        .iter()
        .map(own)
        .chain(options.environment.iter().map(own))
        .chain(reserved.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
        .collect();
    let transport = Transport {
        http_client: cloud.http_client(caller),
        credentials: None,
        region: options.place.region.clone(),
        endpoint: None,
        outside: options.outside.clone().unwrap_or_else(|| Outside::of(&settings)),
    };
    let config = lambda_runtime::Config {
        function_name: spec.name.clone(),
        memory: i32::try_from(spec.memory).unwrap_or(i32::MAX),
        version: "$LATEST".to_owned(),
        log_stream: "local".to_owned(),
        log_group: group,
    };
    Ok(Deployed {
        spec: spec.clone(),
        environment: Environment::new(&spec.binary, options, settings, transport, metrics.clone()),
        function,
        policy,
        config: Arc::new(config),
        gate: spec.reserved_concurrency.map(|many| Semaphore::new(usize::try_from(many).unwrap_or(0))),
    })
}
