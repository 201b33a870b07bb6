//! The books of a store, for whoever reads them.

fn main() -> std::process::ExitCode {
    souk::run(ledger::function())
}
