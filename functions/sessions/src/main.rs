//! Log-ins of shoppers, and what keeps every log-in going.

fn main() -> std::process::ExitCode {
    souk::run(sessions::function())
}
