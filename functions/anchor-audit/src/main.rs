//! Keeps how far audit logs go where they can't be rewritten.

fn main() -> std::process::ExitCode {
    souk::run(anchor_audit::function())
}
