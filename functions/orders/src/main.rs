//! Orders: read, list, and what staff do to them.

fn main() -> std::process::ExitCode {
    souk::run(orders::function())
}
