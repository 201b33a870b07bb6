//! Issues invoices and credit notes for what moves money.

fn main() -> std::process::ExitCode {
    souk::run(issue_invoices::function())
}
