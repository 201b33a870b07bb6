//! Asks a Lambda authorizer who is calling: payload format 2.0, simple responses.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use http::StatusCode;
use serde_json::{Map, Value, json, value::RawValue};
use tokio::time::Instant;

use super::event::{Incoming, query_parameters};
use crate::{
    engine::{happening::Cause, market::Engine},
    template::Authorizer,
};

/// What an authorizer decided.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// The call may go on, and functions are told this.
    Allowed(Value),
    /// The gateway answers by itself.
    Refused(StatusCode, &'static str, Option<String>),
}

/// Answers that are kept for their time to live, by authorizer and identity.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<HashMap<String, (Instant, Verdict)>>);

/// The gateway answers 500 where it can't ask, or doesn't understand the answer.
fn broken(why: impl Into<String>) -> Verdict {
    Verdict::Refused(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error", Some(why.into()))
}

/// Asks `authorizer` about a request whose event is `event`.
pub(crate) async fn ask(
    engine: &Engine,
    cache: &Cache,
    name: &str,
    authorizer: &Authorizer,
    incoming: &Incoming,
    event: &Map<String, Value>,
) -> Verdict {
    let Some(identity) = identity(authorizer, incoming, event) else {
        return Verdict::Refused(StatusCode::UNAUTHORIZED, "Unauthorized", None);
    };
    // Without identity sources there is nothing to tell callers apart by, so nothing is kept.
    let kept =
        (authorizer.ttl > 0 && !identity.is_empty()).then(|| format!("{name}\n{}", identity.join("\n")));
    if let Some(verdict) = kept.as_ref().and_then(|key| cache.get(key)) {
        return verdict;
    }
    let verdict = invoke(engine, authorizer, incoming, event, &identity).await;
    if let Some(key) =
        kept.filter(|_| !matches!(&verdict, Verdict::Refused(status, ..) if status.is_server_error()))
    {
        cache.put(key, Duration::from_secs(authorizer.ttl), verdict.clone());
    }
    verdict
}

async fn invoke(
    engine: &Engine,
    authorizer: &Authorizer,
    incoming: &Incoming,
    event: &Map<String, Value>,
    identity: &[String],
) -> Verdict {
    let Some(function) = engine.stack.function(&authorizer.function_arn) else {
        return broken("the authorizer's function doesn't exist");
    };
    if !authorizer.invocable {
        return broken("the template doesn't let the API invoke its authorizer");
    }
    let place = &engine.stack.place;
    let api = engine.stack.api.as_ref().map_or("", |api| api.api_id.as_str());
    let mut event = event.clone();
    event.insert("type".to_owned(), json!("REQUEST"));
    event.insert(
        "routeArn".to_owned(),
        json!(format!(
            "arn:aws:execute-api:{}:{}:{api}/$default/{}{}",
            place.region, place.account, incoming.method, incoming.raw_path
        )),
    );
    event
        .insert("identitySource".to_owned(), if identity.is_empty() { Value::Null } else { json!(identity) });
    let Ok(event) = RawValue::from_string(Value::Object(event).to_string()) else {
        return broken("the event can't be written");
    };
    match engine.runner.run(&function.id, event, Cause::Authorization).await {
        Err(failure) => broken(failure.to_string()),
        Ok(answer) => read(&answer),
    }
}

fn read(answer: &RawValue) -> Verdict {
    let answer: Value = serde_json::from_str(answer.get()).unwrap_or_default();
    let context = answer.get("context").cloned().unwrap_or_default();
    match answer.get("isAuthorized") {
        Some(Value::Bool(true)) if context.is_object() || context.is_null() => Verdict::Allowed(context),
        Some(Value::Bool(false)) => Verdict::Refused(StatusCode::FORBIDDEN, "Forbidden", None),
        _ => broken("the authorizer's answer isn't a simple response"),
    }
}

/// The values of the identity sources; nothing where one of them is absent or empty.
fn identity(authorizer: &Authorizer, incoming: &Incoming, event: &Map<String, Value>) -> Option<Vec<String>> {
    let query = query_parameters(&incoming.query);
    authorizer
        .identity
        .iter()
        .map(|source| {
            let value = match source.split_once('.').map(|(kind, rest)| (kind, rest.split_once('.'))) {
                Some(("$request", Some(("header", name)))) => {
                    incoming.headers.get(&name.to_ascii_lowercase()).cloned()
                }
                Some(("$request", Some(("querystring", name)))) => query.get(name).cloned(),
                Some(("$context", _)) => {
                    let path = source.trim_start_matches("$context.").replace('.', "/");
                    let value =
                        event.get("requestContext").and_then(|context| context.pointer(&format!("/{path}")));
                    value.and_then(Value::as_str).map(str::to_owned)
                }
                Some(("$stageVariables", _)) => {
                    let name = source.trim_start_matches("$stageVariables.");
                    let value = event.get("stageVariables").and_then(|variables| variables.get(name));
                    value.and_then(Value::as_str).map(str::to_owned)
                }
                _ => None,
            };
            value.filter(|value| !value.is_empty())
        })
        .collect()
}

impl Cache {
    fn get(&self, key: &str) -> Option<Verdict> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        kept.retain(|_, (until, _)| *until > now);
        kept.get(key).map(|(_, verdict)| verdict.clone())
    }

    fn put(&self, key: String, ttl: Duration, verdict: Verdict) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, (Instant::now() + ttl, verdict));
    }
}
