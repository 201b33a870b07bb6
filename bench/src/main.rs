//! What Souk costs and how fast it is: one command for each table, in a file of its own.

mod cost;
mod functions;
mod growth;
mod market;

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
    /// Each function of the API as Lambda starts it, beside the same job done in other ways
    Functions(functions::Options),
    /// The whole market as what is stored grows: each route, beside itself with less
    Growth(growth::Options),
    /// The whole market on this machine under load, beside other commerce backends
    Market(market::Options),
}

fn main() -> ExitCode {
    match Bench::parse().what {
        What::Cost(options) => ended(cost::run(&options)),
        What::Functions(options) => ended(functions::run(&options)),
        What::Growth(options) => ended(growth::run(&options)),
        What::Market(options) => ended(market::run(&options)),
    }
}

fn ended<E: std::fmt::Display>(outcome: Result<(), E>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}
