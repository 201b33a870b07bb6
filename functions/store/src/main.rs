//! The store itself: its name, its locations, its settings.

fn main() -> std::process::ExitCode {
    souk::run(store::function())
}
