//! Finds the orders that nobody is looking after.

fn main() -> std::process::ExitCode {
    souk::run(sweep::function())
}
