//! What shoppers want to buy.

fn main() -> std::process::ExitCode {
    souk::run(carts::function())
}
