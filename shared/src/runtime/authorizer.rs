//! The gateway's authorizer: format 2.0, simple responses.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::json;

use super::{App, Function, InvocationError, Kind, telemetry, to_json};
use crate::principal::{Denial, Principal};

/// The part of the gateway's question that a decision rests on.
#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    headers: HashMap<String, String>,
}

/// The function that tells the gateway who is calling: `identify` makes a principal of the `Authorization` header.
///
/// It lets every request through, and hands on either the principal or why there is none. The function behind
/// answers the 401, because only a function can answer it as a problem with a code.
pub fn authorizer<F, Fut>(name: &'static str, identify: F) -> Function
where
    F: Fn(App, Option<String>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Result<Principal, Denial>, InvocationError>> + Send + 'static,
{
    Function::raw(name, Kind::Authorizer, move |app, invocation| {
        let identify = identify.clone();
        Box::pin(async move {
            let started = app.now();
            let question: Question = serde_json::from_str(invocation.event.get())
                .map_err(|error| InvocationError::unreadable_event(&error))?;
            let named =
                question.headers.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
            let outcome = identify(app.clone(), named.map(|(_, value)| value)).await;
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
