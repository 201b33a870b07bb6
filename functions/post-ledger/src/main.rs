//! Posts what moves money to the ledger.

fn main() -> std::process::ExitCode {
    souk::run(post_ledger::function())
}
