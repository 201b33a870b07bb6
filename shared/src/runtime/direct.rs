//! Functions that are invoked by name, and those that run on a schedule.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

use super::{App, Function, InvocationError, Kind, telemetry, to_json};

/// A function that answers whoever invokes it by name.
pub fn direct<I, O, F, Fut>(name: &'static str, handler: F) -> Function
where
    I: DeserializeOwned + Send + 'static,
    O: Serialize + Send + 'static,
    F: Fn(App, I) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<O, InvocationError>> + Send + 'static,
{
    Function::raw(name, Kind::Direct, move |app, invocation| {
        let handler = handler.clone();
        Box::pin(async move {
            let started = app.now();
            let input: I = serde_json::from_str(invocation.event.get())
                .map_err(|error| InvocationError::unreadable_event(&error))?;
            let outcome = handler(app.clone(), input).await;
            telemetry::invoked(
                &app,
                name,
                "direct",
                outcome.as_ref().err().map(|error| error.message.as_str()),
                started,
            );
            to_json(&outcome?)
        })
    })
}

/// A function that runs on a schedule. What the scheduler sends beside the time does not matter to it.
pub fn schedule<F, Fut>(name: &'static str, handler: F) -> Function
where
    F: Fn(App) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<(), InvocationError>> + Send + 'static,
{
    Function::raw(name, Kind::Schedule, move |app, _| {
        let handler = handler.clone();
        Box::pin(async move {
            let started = app.now();
            let outcome = handler(app.clone()).await;
            telemetry::invoked(
                &app,
                name,
                "schedule",
                outcome.as_ref().err().map(|error| error.message.as_str()),
                started,
            );
            outcome?;
            to_json(&json!({}))
        })
    })
}
