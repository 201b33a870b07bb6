//! Keeps the lists of orders up to date.

fn main() -> std::process::ExitCode {
    souk::run(project_orders::function())
}
