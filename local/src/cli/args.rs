//! What the command line says.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Runs the market that template.yaml describes, on this machine.
#[derive(Debug, Parser)]
#[command(name = "souk-local", version, about)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub options: Options,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Play a whole purchase on a fresh market, and tell its story
    Demo,
    /// Run one function on one event, and print its answer
    Invoke {
        /// Its name, such as `products`
        function: String,
        /// The file that holds the event; `-` reads it from standard input. Without one the event is `{}`
        #[arg(short, long)]
        event: Option<PathBuf>,
    },
    /// Work on a store's audit log
    Audit {
        #[command(subcommand)]
        what: Audit,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Follow the chain in an export, and name the first entry that is not what it was
    Verify {
        /// The export: what `GET /v1/audit-log/export` answered, all pages one after the other; `-` reads standard input
        file: PathBuf,
        /// A hash that is known to be the log's, such as that of its head some time ago: it has to be in the export
        #[arg(long, value_name = "HASH")]
        head: Option<souk::audit::Digest>,
    },
}

#[derive(Clone, Debug, Args)]
pub(super) struct Options {
    /// The API's port; 0 takes a free one
    #[arg(long, default_value_t = 3000, global = true)]
    pub port: u16,
    /// The port of the emulated AWS services; 0 takes a free one
    #[arg(long, default_value_t = 3001, global = true)]
    pub aws_port: u16,
    /// Keep everything in this folder, across restarts; without it all is in memory
    #[arg(long, value_name = "DIR", global = true)]
    pub data: Option<PathBuf>,
    /// Open without the demo store
    #[arg(long, global = true)]
    pub no_seed: bool,
    /// How to say what happens
    #[arg(long, value_enum, default_value_t = LogFormat::Text, global = true)]
    pub log_format: LogFormat,
    /// The template to run [default: template.yaml here or in a folder above]
    #[arg(long, value_name = "PATH", global = true)]
    pub template: Option<PathBuf>,
    /// Set a parameter of the template, such as `Stage=test`
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter, global = true)]
    pub parameters: Vec<(String, String)>,
}

/// How to say what happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// One line each, for people
    Text,
    /// One JSON object each, for programs
    Json,
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("isn't like Stage=test")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn options_go_before_and_after_a_command() {
        let arguments = Arguments::parse_from([
            "souk-local",
            "--data",
            "d",
            "invoke",
            "products",
            "-e",
            "x.json",
            "--no-seed",
        ]);
        assert!(arguments.options.no_seed && arguments.options.data.is_some());
        assert!(
            matches!(arguments.command, Some(Command::Invoke { function, .. }) if function == "products")
        );
        assert_eq!(parameter("A=b=c"), Ok(("A".to_owned(), "b=c".to_owned())));
    }
}
