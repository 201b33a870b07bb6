//! How much there is of each SKU, and where.

fn main() -> std::process::ExitCode {
    souk::run(stock::function())
}
