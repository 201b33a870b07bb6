//! Invoices and credit notes, for shoppers and staff.

fn main() -> std::process::ExitCode {
    souk::run(invoices::function())
}
