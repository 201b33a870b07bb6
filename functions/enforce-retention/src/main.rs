//! Erases whom stores have no reason left to know.

fn main() -> std::process::ExitCode {
    souk::run(enforce_retention::function())
}
