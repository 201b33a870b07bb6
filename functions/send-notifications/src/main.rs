//! Mails shoppers about their orders.

fn main() -> std::process::ExitCode {
    souk::run(send_notifications::function())
}
