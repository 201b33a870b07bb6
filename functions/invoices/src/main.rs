//! Invoices: found by their order, fetched by a link.

fn main() -> std::process::ExitCode {
    souk::run(invoices::function())
}
