//! Shoppers with an account.

fn main() -> std::process::ExitCode {
    souk::run(customers::function())
}
