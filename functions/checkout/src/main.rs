//! From cart to order.

fn main() -> std::process::ExitCode {
    souk::run(checkout::function())
}
