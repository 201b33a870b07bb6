//! Says whether a store's audit log is what it was.

fn main() -> std::process::ExitCode {
    souk::run(verify_audit::function())
}
