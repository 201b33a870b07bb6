//! The audit log: list, export, head.

fn main() -> std::process::ExitCode {
    souk::run(audit_log::function())
}
