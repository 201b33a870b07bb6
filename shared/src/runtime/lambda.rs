//! A function's `main` on Lambda.

use std::process::ExitCode;

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;

use super::{App, Function, Invocation, telemetry};

/// Runs `function` as this process on Lambda until Lambda ends it. The one line of every `main.rs`.
pub fn run(function: Function) -> ExitCode {
    match start(function) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the function can't start");
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn start(function: Function) -> Result<(), lambda_runtime::Error> {
    telemetry::init();
    let app = App::from_environment()?;
    // One event at a time needs one thread; the multi-threaded scheduler nearly doubles a warm call's CPU.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let (function, app) = (function.clone(), app.clone());
        async move {
            let LambdaEvent { payload, context, .. } = event;
            function.invoke(app, Invocation { event: payload, context }).await
        }
    })))
}
