//! The store's API keys: made, shown once, restricted, rolled, revoked.

fn main() -> std::process::ExitCode {
    souk::run(api_keys::function())
}
