//! What functions and services log.

use tracing_subscriber::EnvFilter;

use super::args::LogFormat;

/// Starts to log. `LOG_LEVEL` sets what; people see warnings only, for the console tells them the rest.
pub(super) fn start(format: LogFormat) {
    let filter = |default: &str| {
        let level = std::env::var("LOG_LEVEL").unwrap_or_default();
        EnvFilter::try_new(&level)
            .ok()
            .filter(|_| !level.is_empty())
            .unwrap_or_else(|| EnvFilter::new(default))
    };
    let started = match format {
        LogFormat::Text => tracing_subscriber::fmt()
            .with_env_filter(filter("warn"))
            .with_writer(std::io::stderr)
            .with_target(false)
            .without_time()
            .try_init(),
        LogFormat::Json => tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_target(false)
            .with_current_span(false)
            .with_env_filter(filter("info"))
            .try_init(),
    };
    // Only a second start in one process fails, and the first one serves.
    drop(started);
}
