//! Whose identities a store trusts beside its own: OpenID Connect issuers.

fn main() -> std::process::ExitCode {
    souk::run(identity_providers::function())
}
