//! Does what follows from what happened to orders.

fn main() -> std::process::ExitCode {
    souk::run(follow_orders::function())
}
