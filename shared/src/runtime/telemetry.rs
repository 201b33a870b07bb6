//! What a function says of itself: one line per invocation, and one more per failure. Never a personal datum:
//! ids, routes, codes and durations only.

use jiff::Timestamp;
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    fmt::format::JsonFields,
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use super::App;
use crate::{event::Cause, http::Code, tenant::Tenant};

/// Sends the process's log lines to standard output as JSON. `LOG_LEVEL` sets what is said: `info` by default.
pub(super) fn init() {
    let level = std::env::var("LOG_LEVEL").unwrap_or_default();
    // Not `EnvFilter`, which also filters by spans and fields, and brings an engine of regular expressions for that.
    let filter: Option<Targets> = level.parse().ok().filter(|_| !level.is_empty());
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .fmt_fields(JsonFields::new())
        .flatten_event(true)
        .with_target(false)
        .with_current_span(false);
    // A second subscriber in one process is refused; the first one serves.
    let _ = tracing_subscriber::registry()
        .with(filter.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO)))
        .with(lines)
        .try_init();
}

fn millis(app: &App, started: Timestamp) -> i64 {
    i64::try_from(app.now().duration_since(started).as_millis()).unwrap_or(i64::MAX)
}

fn of_tenant(tenant: Option<Tenant>) -> (String, &'static str) {
    tenant.map(|tenant| (tenant.store().to_string(), tenant.mode().as_str())).unwrap_or_default()
}

/// A request was answered.
pub(crate) fn answered(app: &App, function: &str, answered: &crate::http::Answered, started: Timestamp) {
    let status = answered.response.status().as_u16();
    let (store, mode) = of_tenant(answered.tenant);
    let code = answered.problem.as_ref().map(|problem| problem.code().as_str());
    let outcome = if status >= 500 { "failed" } else { "ok" };
    // An id names nobody to who can't read the store's data.
    let (caller, id) = answered.who.map(|who| (who.kind(), who.to_string())).unzip();
    tracing::info!(
        function, route = %answered.route, outcome, status, code, duration_ms = millis(app, started), store, mode,
        caller, caller_id = id.as_deref(),
        request_id = %answered.request_id, correlation_id = %answered.request_id, "request"
    );
    if let Some(problem) = &answered.problem
        && let Some(reason) = problem.log()
    {
        let severe = problem.code() == Code::Internal;
        if severe {
            tracing::error!(function, request_id = %answered.request_id, reason, "request failed inside");
        } else {
            tracing::warn!(function, request_id = %answered.request_id, reason, "request put off");
        }
    }
}

/// A batch was worked through.
pub(super) fn batch(app: &App, function: &str, source: &str, size: usize, failed: usize, started: Timestamp) {
    let outcome = if failed == 0 { "ok" } else { "failed" };
    tracing::info!(function, source, outcome, size, failed, duration_ms = millis(app, started), "batch");
}

/// One message or record of a batch failed.
pub(super) fn item_failed(function: &str, item: &str, kind: &str, reason: &str) {
    tracing::warn!(function, item, kind, reason, "will be tried again, or set aside");
}

/// An invocation without a batch ended.
pub(super) fn invoked(app: &App, function: &str, source: &str, error: Option<&str>, started: Timestamp) {
    let outcome = if error.is_none() { "ok" } else { "failed" };
    tracing::info!(
        function,
        source,
        outcome,
        reason = error,
        duration_ms = millis(app, started),
        "invocation"
    );
}

/// An event was worked on: the line that ties what follows to the request that began it.
pub(crate) fn worked(function: &str, what: &str, subject: &str, tenant: Tenant, cause: &Cause) {
    let (store, mode) = of_tenant(Some(tenant));
    tracing::info!(
        function, what, subject, store, mode,
        correlation_id = %cause.correlation, causation_id = %cause.causation, "worked"
    );
}
