//! Gives the signatures of access tokens a new key now and then.

fn main() -> std::process::ExitCode {
    souk::run(rotate_signing_keys::function())
}
