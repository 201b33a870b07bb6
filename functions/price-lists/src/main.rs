//! Price lists and their entries.

fn main() -> std::process::ExitCode {
    souk::run(price_lists::function())
}
