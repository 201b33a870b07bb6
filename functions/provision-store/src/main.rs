//! Creates a store and its first keys, for an operator who invokes it.

fn main() -> std::process::ExitCode {
    souk::run(provision_store::function())
}
