//! Carries orders through stock, risk and payment.

fn main() -> std::process::ExitCode {
    souk::run(advance_orders::function())
}
