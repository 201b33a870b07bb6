//! What the program is told.

use std::{path::PathBuf, time::Duration};

use clap::Parser;

/// Runs the whole market on its compiled functions, whose processes are killed at random, and checks that nothing is
/// lost or done twice.
#[derive(Parser)]
pub struct Arguments {
    /// For how long processes are killed.
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// Decides who does what, and who is killed. What comes of it is not the same each time: time is real here.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many people shop at the same time.
    #[arg(long, default_value_t = 40)]
    pub shoppers: u32,
    /// The folder of the functions' binaries, if not the one that this program is in.
    #[arg(long)]
    binaries: Option<PathBuf>,
    /// Does without what takes minutes to settle: queues hide messages for as long as their function may work, not for six
    /// times as long; the provider has no troubles, and who sends mails is killed while frozen only.
    #[arg(long)]
    pub hurry: bool,
    /// Plants a bug of the simulation.
    #[arg(long)]
    pub bug: Option<String>,
    /// Writes the figures to this file, too.
    #[arg(long)]
    pub json: Option<PathBuf>,
}

impl Arguments {
    /// For how long processes are killed.
    pub fn time(&self) -> Duration {
        Duration::from_secs(self.minutes * 60)
    }

    /// Where the functions' binaries are.
    pub fn binaries(&self) -> Result<PathBuf, String> {
        match &self.binaries {
            // They are started in their own folder.
            Some(folder) => folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display())),
            None => {
                let own = std::env::current_exe().map_err(|error| error.to_string())?;
                Ok(own.parent().map(PathBuf::from).unwrap_or_default())
            }
        }
    }

    /// The template, as it is run.
    pub fn template(&self, text: &str) -> String {
        if !self.hurry {
            return text.to_owned();
        }
        let shorter = |line: &str| match line.trim_start().strip_prefix("VisibilityTimeout: ") {
            // The template has six times the function's own time, or more.
            Some(number) => line.replace(number, &(number.parse::<u64>().unwrap_or(180) / 6 + 1).to_string()),
            None => line.to_owned(),
        };
        text.lines().map(shorter).collect::<Vec<_>>().join("\n")
    }
}
