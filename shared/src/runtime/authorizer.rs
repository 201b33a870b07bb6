//! The gateway's authorizer: format 2.0, simple responses.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::json;

use super::{App, Function, InvocationError, Kind, telemetry, to_json};
use crate::{
    http::issuer,
    principal::{Denial, Principal},
};

/// The part of the gateway's question that a decision rests on.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Question {
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
}

/// What the gateway asks about.
#[derive(Debug)]
pub struct Asked {
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// This deployment's own address.
    pub issuer: String,
}

/// The function that tells the gateway who is calling: `identify` makes a principal of what a request carries.
///
/// It lets every request through, and hands on either the principal or why there is none. The function behind
/// answers the 401, because only a function can answer it as a problem with a code.
pub fn authorizer<F, Fut>(name: &'static str, identify: F) -> Function
where
    F: Fn(App, Asked) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Result<Principal, Denial>, InvocationError>> + Send + 'static,
{
    Function::raw(name, Kind::Authorizer, move |app, invocation| {
        let identify = identify.clone();
        Box::pin(async move {
            let started = app.now();
            let question: Question = serde_json::from_str(invocation.event.get())
                .map_err(|error| InvocationError::unreadable_event(&error))?;
            let header = |wanted: &str| {
                let found = question.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
                found.map(|(_, value)| value.as_str())
            };
            let asked = Asked {
                authorization: header("authorization").map(str::to_owned),
                issuer: issuer(app.settings(), &question.request_context.domain_name, header),
            };
            let outcome = identify(app.clone(), asked).await;
            telemetry::invoked(
                &app,
                name,
                "gateway",
                outcome.as_ref().err().map(|error| error.message.as_str()),
                started,
            );
            let context = match outcome? {
                Ok(principal) => principal.to_context().into(),
                Err(denial) => json!({ "denied": denial }),
            };
            to_json(&json!({ "isAuthorized": true, "context": context }))
        })
    })
}
