//! The integrations of a store.

fn main() -> std::process::ExitCode {
    souk::run(oauth_clients::function())
}
