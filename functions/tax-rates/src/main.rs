//! A store's table of taxes.

fn main() -> std::process::ExitCode {
    souk::run(tax_rates::function())
}
