//! What takes off prices, for whom, and how often.

fn main() -> std::process::ExitCode {
    souk::run(promotions::function())
}
