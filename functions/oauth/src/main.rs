//! The authorization server for integrations of a store.

fn main() -> std::process::ExitCode {
    souk::run(oauth::function())
}
