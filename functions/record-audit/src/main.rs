//! Chains what was done into the audit log.

fn main() -> std::process::ExitCode {
    souk::run(record_audit::function())
}
