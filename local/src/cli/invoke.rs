//! Runs one function on one event.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde_json::{Value, json, value::RawValue};

use super::{args::Options, error::CliError, open};
use crate::engine::Failure;

/// Prints the answer; a failure is printed as Lambda prints it, and fails the command.
pub(super) async fn invoke(
    options: &Options,
    function: &str,
    event: Option<&Path>,
) -> Result<ExitCode, CliError> {
    let event = read(event)?;
    let market = open::open(options, options.data.as_deref()).await?;
    let answer = market.invoke(function, event).await;
    let (text, code) = match answer {
        Ok(answer) => (pretty(answer.get()), ExitCode::SUCCESS),
        Err(Failure::Unknown(name)) => {
            let known: Vec<_> = market.stack().functions.values().map(|spec| spec.binary.as_str()).collect();
            eprintln!("souk-local: no function is called {name}; there are {}", known.join(", "));
            return Ok(ExitCode::FAILURE);
        }
        Err(failure) => {
            let kind = match &failure {
                Failure::Handler(error) => error.kind,
                Failure::TimedOut { .. } => "Sandbox.Timedout",
                _ => "Unhandled",
            };
            let error = json!({ "errorType": kind, "errorMessage": failure.to_string() });
            (pretty(&error.to_string()), ExitCode::FAILURE)
        }
    };
    println!("{text}");
    market.close().await;
    Ok(code)
}

fn read(path: Option<&Path>) -> Result<Box<RawValue>, CliError> {
    let (path, text) = match path {
        None => (PathBuf::new(), "{}".to_owned()),
        Some(path) if path == Path::new("-") => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            (path.to_owned(), text)
        }
        Some(path) => {
            let read = std::fs::read_to_string(path);
            (path.to_owned(), read.map_err(|source| CliError::Unreadable { path: path.to_owned(), source })?)
        }
    };
    serde_json::from_str(&text).map_err(|error| CliError::NotJson { path, reason: error.to_string() })
}

fn pretty(json: &str) -> String {
    serde_json::from_str::<Value>(json)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| json.to_owned())
}
