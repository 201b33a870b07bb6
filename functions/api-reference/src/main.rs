//! Serves the OpenAPI description of Souk and a page to read it.

fn main() -> std::process::ExitCode {
    souk::run(api_reference::function())
}
