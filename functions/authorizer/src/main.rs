//! Tells the gateway who is calling, from the API key.

fn main() -> std::process::ExitCode {
    souk::run(authorizer::function())
}
