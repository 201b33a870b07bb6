//! What Souk costs and how fast it is: one command for each table, in a file of its own.

mod cost;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What Souk costs and how fast it is.
#[derive(Parser)]
struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// What an order costs at AWS, by service
    Cost(cost::Options),
}

fn main() -> ExitCode {
    let outcome = match Bench::parse().what {
        What::Cost(options) => cost::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
