//! Exports and erases what is known of a person.

fn main() -> std::process::ExitCode {
    souk::run(privacy::function())
}
