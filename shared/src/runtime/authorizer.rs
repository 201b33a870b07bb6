//! The gateway's authorizer: format 2.0, simple responses.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Map, json};

use super::{App, Function, InvocationError, Kind, telemetry, to_json};
use crate::{
    http::issuer,
    limit::{self, Address, Asked},
    principal::{Denial, Principal},
};

/// The part of the gateway's question that a decision rests on.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Question {
    #[serde(default)]
    route_key: String,
    #[serde(default)]
    headers: HashMap<String, String>,
    #[serde(default)]
    request_context: Context,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    #[serde(default)]
    domain_name: String,
    #[serde(default)]
    time_epoch: Option<i64>,
    #[serde(default)]
    http: Http,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Http {
    #[serde(default)]
    source_ip: String,
}

impl Question {
    fn header(&self, name: &str) -> Option<&str> {
        let named = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }

    fn asked(&self, app: &App) -> Asked {
        let context = &self.request_context;
        Asked {
            route: self.route_key.clone(),
            address: Address::of_gateway(&context.http.source_ip),
            origin: self.header("origin").map(str::to_owned),
            host: context.domain_name.clone(),
            now: context.time_epoch.unwrap_or_else(|| app.now().as_millisecond()),
        }
    }
}

/// What a request presents to be identified by.
#[derive(Debug)]
pub struct Presented {
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// This deployment's own address.
    pub issuer: String,
}

/// The function that tells the gateway who is calling: `identify` makes a principal of what a request carries.
///
/// It lets every request through, and hands on either the principal or why there is none, and what there is left of
/// the limits. The function behind answers the 401 or 429, because only a function can answer it as a problem with a
/// code.
pub fn authorizer<F, Fut>(name: &'static str, identify: F) -> Function
where
    F: Fn(App, Presented) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Result<Principal, Denial>, InvocationError>> + Send + 'static,
{
    Function::raw(name, Kind::Authorizer, move |app, invocation| {
        let identify = identify.clone();
        Box::pin(async move {
            let started = app.now();
            let question: Question = serde_json::from_str(invocation.event.get())
                .map_err(|error| InvocationError::unreadable_event(&error))?;
            let presented = Presented {
                authorization: question.header("authorization").map(str::to_owned),
                issuer: issuer(app.settings(), &question.request_context.domain_name, |name| {
                    question.header(name)
                }),
            };
            let identified = identify(app.clone(), presented);
            let outcome = limit::admit(&app, &question.asked(&app), identified).await;
            telemetry::invoked(
                &app,
                name,
                "gateway",
                outcome.as_ref().err().map(|error| error.message.as_str()),
                started,
            );
            let (identified, verdict) = outcome?;
            let mut context = match identified {
                Ok(principal) => principal.to_context(),
                Err(denial) => Map::from_iter([("denied".to_owned(), json!(denial))]),
            };
            verdict.add_to(&mut context);
            to_json(&json!({ "isAuthorized": true, "context": context }))
        })
    })
}
