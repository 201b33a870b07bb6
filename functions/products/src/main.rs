//! The catalog: products and their variants.

fn main() -> std::process::ExitCode {
    souk::run(products::function())
}
