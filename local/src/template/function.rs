//! A function's properties and the events it declares.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{
    FunctionSpec,
    api::Route,
    error::{Result, TemplateError},
    sources,
    typed::{self, Ignored, Integer, Text},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    memory_size: Option<Integer>,
    timeout: Option<Integer>,
    environment: Option<Environment>,
    policies: Option<Value>,
    #[serde(default)]
    events: BTreeMap<String, Event>,
    reserved_concurrent_executions: Option<Integer>,
    event_invoke_config: Option<EventInvoke>,
    #[serde(rename = "FunctionName")]
    _name: Option<Ignored>,
    #[serde(rename = "Description")]
    _description: Option<Ignored>,
    #[serde(rename = "CodeUri")]
    _code: Option<Ignored>,
    #[serde(rename = "Handler")]
    _handler: Option<Ignored>,
    #[serde(rename = "Runtime")]
    _runtime: Option<Ignored>,
    #[serde(rename = "Architectures")]
    _architectures: Option<Ignored>,
    #[serde(rename = "Tracing")]
    _tracing: Option<Ignored>,
    #[serde(rename = "LoggingConfig")]
    _logging: Option<Ignored>,
    #[serde(rename = "EphemeralStorage")]
    _storage: Option<Ignored>,
    #[serde(rename = "KmsKeyArn")]
    _key: Option<Ignored>,
    #[serde(rename = "CodeSigningConfigArn")]
    _signing: Option<Ignored>,
    #[serde(rename = "PermissionsBoundary")]
    _boundary: Option<Ignored>,
    #[serde(rename = "RolePath")]
    _role_path: Option<Ignored>,
    #[serde(rename = "RecursiveLoop")]
    _recursive: Option<Ignored>,
    #[serde(rename = "RuntimeManagementConfig")]
    _management: Option<Ignored>,
    #[serde(rename = "Tags")]
    _tags: Option<Ignored>,
    #[serde(rename = "PropagateTags")]
    _propagate: Option<Ignored>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Environment {
    variables: BTreeMap<String, Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Event {
    r#type: String,
    properties: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct EventInvoke {
    maximum_retry_attempts: Option<Integer>,
    #[serde(rename = "MaximumEventAgeInSeconds")]
    _age: Option<Ignored>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct HttpEvent {
    api_id: Option<String>,
    path: Option<String>,
    method: Option<String>,
    auth: Option<RouteAuth>,
    timeout_in_millis: Option<Integer>,
    payload_format_version: Option<Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RouteAuth {
    authorizer: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Metadata {
    build_method: String,
    build_properties: BuildProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct BuildProperties {
    binary: String,
    #[serde(rename = "Flags")]
    _flags: Option<Ignored>,
}

/// A route before its authorizer is settled: what its event says, beside the API that it names.
pub(super) struct DeclaredRoute {
    pub api: Option<String>,
    pub path: String,
    pub route: Route,
}

/// Reads the function `id`, and the routes it answers.
pub(super) fn function(
    id: &str,
    (name, arn): (String, String),
    properties: Value,
    metadata: Option<Value>,
) -> Result<(FunctionSpec, Vec<DeclaredRoute>)> {
    let path = format!("Resources.{id}.Properties");
    let mut function: Properties = typed::parse(properties, &path)?;
    let mut spec = FunctionSpec {
        id: id.to_owned(),
        binary: binary(id, metadata)?,
        memory: u32::try_from(function.memory_size.map_or(128, Integer::count)).unwrap_or(u32::MAX),
        timeout: u32::try_from(function.timeout.map_or(3, Integer::count)).unwrap_or(u32::MAX),
        environment: function
            .environment
            .map(|environment| {
                environment.variables.into_iter().map(|(name, value)| (name, value.0)).collect()
            })
            .unwrap_or_default(),
        statements: statements(function.policies, &format!("{path}.Policies"))?,
        reserved_concurrency: function
            .reserved_concurrent_executions
            .and_then(|reserved| u32::try_from(reserved.0).ok()),
        async_retries: function
            .event_invoke_config
            .and_then(|config| config.maximum_retry_attempts)
            .map_or(2, |retries| u32::try_from(retries.0).unwrap_or(0)),
        queues: Vec::new(),
        streams: Vec::new(),
        schedules: Vec::new(),
        name,
        arn,
    };
    let mut routes = Vec::new();
    for (event, Event { r#type, properties }) in std::mem::take(&mut function.events) {
        let path = format!("{path}.Events.{event}.Properties");
        match r#type.as_str() {
            "HttpApi" => routes.push(route(id, properties, &path)?),
            "SQS" => spec.queues.extend(sources::queue_source(properties, &path, &event)?),
            "DynamoDB" => spec.streams.extend(sources::stream_source(properties, &path, &event)?),
            "ScheduleV2" => {
                spec.schedules.extend(sources::schedule(properties, &path, format!("{id}{event}"))?);
            }
            other => {
                let path = format!("Resources.{id}.Properties.Events.{event}.Type");
                return Err(TemplateError::new(
                    path,
                    format!("event {event} has type {other}, which local can't run"),
                ));
            }
        }
    }
    Ok((spec, routes))
}

fn binary(id: &str, metadata: Option<Value>) -> Result<String> {
    let path = format!("Resources.{id}.Metadata");
    let mut metadata =
        metadata.ok_or_else(|| TemplateError::new(&path, "is missing: it names the function's binary"))?;
    if let Some(map) = metadata.as_object_mut() {
        // Written by linters and deployment tools for themselves.
        map.retain(|key, _| key == "BuildMethod" || key == "BuildProperties");
    }
    let metadata: Metadata = typed::parse(metadata, &path)?;
    if metadata.build_method != "rust-cargolambda" {
        return Err(TemplateError::new(format!("{path}.BuildMethod"), "isn't rust-cargolambda"));
    }
    Ok(metadata.build_properties.binary)
}

fn statements(policies: Option<Value>, path: &str) -> Result<Vec<Value>> {
    let list = match policies {
        None => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(one) => vec![one],
    };
    let mut statements = Vec::new();
    for (index, policy) in list.into_iter().enumerate() {
        match policy.get("Statement") {
            Some(Value::Array(list)) => statements.extend(list.iter().cloned()),
            Some(one) => statements.push(one.clone()),
            None => {
                let what = policy
                    .as_str()
                    .map(str::to_owned)
                    .or_else(|| policy.as_object()?.keys().next().cloned())
                    .unwrap_or_default();
                let reason = format!(
                    "{what} isn't a policy with statements: local knows no managed policy and no policy template"
                );
                return Err(TemplateError::new(format!("{path}[{index}]"), reason));
            }
        }
    }
    Ok(statements)
}

fn route(function: &str, properties: Value, path: &str) -> Result<DeclaredRoute> {
    let event: HttpEvent = typed::parse(properties, path)?;
    if event.payload_format_version.is_some_and(|version| version.0 != "2.0") {
        let path = format!("{path}.PayloadFormatVersion");
        return Err(TemplateError::new(path, "local speaks payload format 2.0 only"));
    }
    let key = match (event.method, event.path) {
        (None, None) => "$default".to_owned(),
        (_, Some(route)) if route == "$default" => route,
        (Some(method), Some(route)) => {
            let method = method.to_uppercase();
            format!(
                "{} {route}",
                if method == "*" || method == "X-AMAZON-APIGATEWAY-ANY-METHOD" { "ANY" } else { &method }
            )
        }
        _ => return Err(TemplateError::new(path, "needs both Path and Method, or neither")),
    };
    let timeout_ms = event.timeout_in_millis.map_or(30_000, Integer::count).clamp(50, 30_000);
    Ok(DeclaredRoute {
        api: event.api_id,
        path: path.to_owned(),
        route: Route {
            key,
            function: function.to_owned(),
            authorizer: event.auth.map(|auth| auth.authorizer),
            timeout_ms,
        },
    })
}
