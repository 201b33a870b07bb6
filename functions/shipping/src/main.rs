//! Shipping zones and their methods.

fn main() -> std::process::ExitCode {
    souk::run(shipping::function())
}
