//! Orders that staff draw up, and that they or their shoppers complete.

fn main() -> std::process::ExitCode {
    souk::run(drafts::function())
}
