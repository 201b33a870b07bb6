//! `cargo run`: opens the market.

fn main() -> std::process::ExitCode {
    souk_local::cli::main()
}
