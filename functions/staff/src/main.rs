//! Those who work for the store: members, roles, invitations, log-in and second factor.

fn main() -> std::process::ExitCode {
    souk::run(staff::function())
}
