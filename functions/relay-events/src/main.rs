//! Publishes what the tables record.

fn main() -> std::process::ExitCode {
    souk::run(relay_events::function())
}
