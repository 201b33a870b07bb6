//! Gift cards and store credit.

fn main() -> std::process::ExitCode {
    souk::run(gift_cards::function())
}
