//! What payment providers say happened.

fn main() -> std::process::ExitCode {
    souk::run(payment_events::function())
}
