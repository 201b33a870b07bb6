//! Issues invoices and credit notes.

fn main() -> std::process::ExitCode {
    souk::run(issue_invoices::function())
}
