//! The command line: opens the market, plays a purchase, or runs one function.

mod args;
mod audit;
mod demo;
mod error;
mod invoke;
mod log;
mod open;
mod run;
mod template;

use std::process::ExitCode;

use clap::Parser as _;

use self::args::{Arguments, Audit, Command};

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log::start(arguments.options.log_format);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("no threads to run on: {error}")),
    };
    let done = runtime.block_on(async {
        match arguments.command {
            None => run::run(&arguments.options).await,
            Some(Command::Demo) => demo::demo(&arguments.options).await,
            Some(Command::Invoke { function, event }) => {
                return invoke::invoke(&arguments.options, &function, event.as_deref()).await;
            }
            Some(Command::Audit { what: Audit::Verify { file, head } }) => {
                return audit::verify(&file, head);
            }
        }
        .map(|()| ExitCode::SUCCESS)
    });
    // Whatever still runs is nobody's any more.
    runtime.shutdown_background();
    done.unwrap_or_else(|error| fail(&error.to_string()))
}

fn fail(message: &str) -> ExitCode {
    eprintln!("souk-local: {message}");
    ExitCode::FAILURE
}
