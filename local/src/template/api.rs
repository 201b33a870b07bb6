//! The HTTP API: its routes, authorizers, CORS, throttling and access log.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{
    error::{Result, TemplateError},
    typed::{self, Flag, Ignored, Integer},
};

/// An API Gateway HTTP API.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HttpApi {
    /// Its logical id.
    pub id: String,
    /// What `Ref` gives: the API's id at AWS.
    pub api_id: String,
    /// Its routes.
    pub routes: Vec<Route>,
    /// Its Lambda authorizers, by name.
    pub authorizers: BTreeMap<String, Authorizer>,
    /// The authorizer of routes that name none.
    pub default_authorizer: Option<String>,
    /// How browsers may call it from other origins.
    pub cors: Option<Cors>,
    /// The throttle of each route that has none of its own.
    pub throttle: Throttle,
    /// Throttles of single routes, by route key.
    pub route_throttles: BTreeMap<String, Throttle>,
    /// The format of an access log's line.
    pub access_log: Option<String>,
    /// Stage variables.
    pub stage_variables: BTreeMap<String, String>,
}

/// A route of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Such as `GET /v1/carts/{id}`, `ANY /{proxy+}` or `$default`.
    pub key: String,
    /// The logical id of the function that answers.
    pub function: String,
    /// The authorizer asked first.
    pub authorizer: Option<String>,
    /// Milliseconds the integration may take.
    pub timeout_ms: u64,
}

/// A Lambda authorizer with simple responses and payload format 2.0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorizer {
    /// The function's ARN.
    pub function_arn: String,
    /// Identity sources such as `$request.header.Authorization`: without one the gateway answers 401 by itself.
    pub identity: Vec<String>,
    /// Seconds for which an answer is kept for the same identity; 0 keeps none.
    pub ttl: u64,
    /// Whether the template lets the API invoke the function.
    pub invocable: bool,
}

/// Cross-origin sharing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cors {
    /// Origins, or `*`.
    pub origins: Vec<String>,
    /// Request headers a browser may send.
    pub headers: Vec<String>,
    /// Methods a browser may use.
    pub methods: Vec<String>,
    /// Response headers a script may read.
    pub expose: Vec<String>,
    /// Seconds for which a browser may keep a preflight's answer.
    pub max_age: Option<u64>,
    /// Whether cookies may come along.
    pub credentials: bool,
}

/// How many requests a route takes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Throttle {
    /// Requests at once.
    pub burst: Option<u64>,
    /// Thousandths of a request per second, steadily.
    pub rate_milli: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ApiProperties {
    stage_name: Option<String>,
    auth: Option<Auth>,
    cors_configuration: Option<Value>,
    default_route_settings: Option<RouteSettings>,
    route_settings: Option<BTreeMap<String, RouteSettings>>,
    access_log_settings: Option<AccessLog>,
    stage_variables: Option<BTreeMap<String, String>>,
    #[serde(rename = "Name")]
    _name: Option<Ignored>,
    #[serde(rename = "Description")]
    _description: Option<Ignored>,
    #[serde(rename = "Domain")]
    _domain: Option<Ignored>,
    #[serde(rename = "DisableExecuteApiEndpoint")]
    _disable: Option<Ignored>,
    #[serde(rename = "FailOnWarnings")]
    _fail: Option<Ignored>,
    #[serde(rename = "Tags")]
    _tags: Option<Ignored>,
    #[serde(rename = "PropagateTags")]
    _propagate: Option<Ignored>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Auth {
    default_authorizer: Option<String>,
    authorizers: Option<BTreeMap<String, AuthorizerProperties>>,
    enable_iam_authorizer: Option<Flag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AuthorizerProperties {
    function_arn: String,
    function_invoke_role: Option<Value>,
    identity: Option<Identity>,
    authorizer_payload_format_version: Value,
    enable_simple_responses: Option<Flag>,
    enable_function_default_permissions: Option<Flag>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Identity {
    headers: Option<Vec<String>>,
    query_strings: Option<Vec<String>>,
    stage_variables: Option<Vec<String>>,
    context: Option<Vec<String>>,
    reauthorize_every: Option<Integer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CorsProperties {
    allow_origins: Option<Vec<String>>,
    allow_headers: Option<Vec<String>>,
    allow_methods: Option<Vec<String>>,
    expose_headers: Option<Vec<String>>,
    max_age: Option<Integer>,
    allow_credentials: Option<Flag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RouteSettings {
    throttling_burst_limit: Option<Integer>,
    throttling_rate_limit: Option<Value>,
    #[serde(rename = "DetailedMetricsEnabled")]
    _metrics: Option<Ignored>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AccessLog {
    format: String,
    #[serde(rename = "DestinationArn")]
    _destination: Ignored,
}

pub(super) fn http_api(properties: Value, path: &str, id: &str, api_id: String) -> Result<HttpApi> {
    let api: ApiProperties = typed::parse(properties, path)?;
    if api.stage_name.as_deref().is_some_and(|stage| stage != "$default") {
        return Err(TemplateError::new(format!("{path}.StageName"), "local runs the stage $default only"));
    }
    let auth = api.auth;
    let mut authorizers = BTreeMap::new();
    let mut default_authorizer = None;
    if let Some(auth) = auth {
        if auth.enable_iam_authorizer.is_some_and(|iam| iam.0) {
            return Err(TemplateError::new(format!("{path}.Auth"), "local has no IAM authorizer"));
        }
        default_authorizer = auth.default_authorizer;
        for (name, authorizer) in auth.authorizers.unwrap_or_default() {
            let authorizer = authorizer.read(&format!("{path}.Auth.Authorizers.{name}"))?;
            authorizers.insert(name, authorizer);
        }
    }
    if let Some(name) = default_authorizer.as_ref().filter(|name| !authorizers.contains_key(*name)) {
        return Err(TemplateError::new(
            format!("{path}.Auth.DefaultAuthorizer"),
            format!("no authorizer is called {name}"),
        ));
    }
    let throttle = match api.default_route_settings {
        Some(settings) => settings.read(&format!("{path}.DefaultRouteSettings"))?,
        None => Throttle::default(),
    };
    let mut route_throttles = BTreeMap::new();
    for (key, settings) in api.route_settings.unwrap_or_default() {
        let settings = settings.read(&format!("{path}.RouteSettings.{key}"))?;
        route_throttles.insert(key, settings);
    }
    Ok(HttpApi {
        id: id.to_owned(),
        api_id,
        routes: Vec::new(),
        authorizers,
        default_authorizer,
        cors: cors(api.cors_configuration, &format!("{path}.CorsConfiguration"))?,
        throttle,
        route_throttles,
        access_log: api.access_log_settings.map(|log| log.format),
        stage_variables: api.stage_variables.unwrap_or_default(),
    })
}

impl AuthorizerProperties {
    fn read(self, path: &str) -> Result<Authorizer> {
        if typed::text_of(&self.authorizer_payload_format_version).as_deref() != Some("2.0") {
            let path = format!("{path}.AuthorizerPayloadFormatVersion");
            return Err(TemplateError::new(path, "local speaks payload format 2.0 only"));
        }
        if !self.enable_simple_responses.is_some_and(|simple| simple.0) {
            return Err(TemplateError::new(
                format!("{path}.EnableSimpleResponses"),
                "local needs it to be true",
            ));
        }
        let identity = self.identity.unwrap_or_default();
        let ttl = identity.reauthorize_every.map_or(0, Integer::count);
        let sources = [
            ("request.header", identity.headers),
            ("request.querystring", identity.query_strings),
            ("stageVariables", identity.stage_variables),
            ("context", identity.context),
        ]
        .into_iter()
        .flat_map(|(kind, names)| {
            names.unwrap_or_default().into_iter().map(move |name| format!("${kind}.{name}"))
        });
        Ok(Authorizer {
            function_arn: self.function_arn,
            identity: sources.collect(),
            ttl,
            invocable: self.function_invoke_role.is_some()
                || self.enable_function_default_permissions.is_some_and(|enabled| enabled.0),
        })
    }
}

impl RouteSettings {
    fn read(self, path: &str) -> Result<Throttle> {
        let rate_milli = match &self.throttling_rate_limit {
            None => None,
            Some(rate) => {
                Some(typed::text_of(rate).and_then(|rate| thousandths(&rate)).ok_or_else(|| {
                    TemplateError::new(format!("{path}.ThrottlingRateLimit"), "isn't a rate per second")
                })?)
            }
        };
        Ok(Throttle { burst: self.throttling_burst_limit.map(Integer::count), rate_milli })
    }
}

/// `"12.5"` as 12500.
fn thousandths(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction: u64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(fraction)
}

fn cors(value: Option<Value>, path: &str) -> Result<Option<Cors>> {
    match value {
        None | Some(Value::Bool(false)) => Ok(None),
        // SAM's shorthand for every origin.
        Some(Value::Bool(true)) => Ok(Some(Cors { origins: vec!["*".to_owned()], ..Cors::default() })),
        Some(value) => {
            let cors: CorsProperties = typed::parse(value, path)?;
            Ok(Some(Cors {
                origins: cors.allow_origins.unwrap_or_default(),
                headers: cors.allow_headers.unwrap_or_default(),
                methods: cors.allow_methods.unwrap_or_default(),
                expose: cors.expose_headers.unwrap_or_default(),
                max_age: cors.max_age.map(Integer::count),
                credentials: cors.allow_credentials.is_some_and(|allowed| allowed.0),
            }))
        }
    }
}
