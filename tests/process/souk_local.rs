//! `souk-local`, as `cargo run` starts it.

fn main() -> std::process::ExitCode {
    souk_local::cli::main()
}
