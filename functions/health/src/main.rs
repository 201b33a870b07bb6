//! Answers whether Souk is up, and its version.

fn main() -> std::process::ExitCode {
    souk::run(health::function())
}
