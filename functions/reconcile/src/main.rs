//! Holds the books against what payment providers say.

fn main() -> std::process::ExitCode {
    souk::run(reconcile::function())
}
