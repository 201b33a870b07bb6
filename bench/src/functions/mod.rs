//! `bench functions`: every function of the API as a process on a Runtime API, beside processes that do the same job
//! in other ways. Each reads over TLS from services on this machine.

mod instructions;
mod life;
mod musts;
mod peers;
mod report;
mod subject;
mod tls;
mod usage;

use std::path::{Path, PathBuf};

use clap::Args;

use self::{life::Life, report::Measured};

/// What is measured, and how often.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Which functions; all of the API where none is named
    #[arg(value_name = "FUNCTION")]
    names: Vec<String>,
    /// How often each is started
    #[arg(long, default_value_t = 15, value_name = "TIMES")]
    cold: usize,
    /// How many more events each start is sent
    #[arg(long, default_value_t = 100, value_name = "EVENTS")]
    warm: u32,
    /// Where the functions' binaries are; without it, they are built for release
    #[arg(long, value_name = "FOLDER")]
    binaries: Option<PathBuf>,
    /// Leaves out instructions, which need valgrind
    #[arg(long)]
    no_instructions: bool,
    /// Counts instructions only, and fails where a function needs more than this file allows it
    #[arg(long, value_name = "FILE", conflicts_with = "no_instructions")]
    bounds: Option<PathBuf>,
    /// Where the figures go as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    /// A file or a process.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// What is no JSON.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// Anything else, in words.
    #[error("{0}")]
    Said(String),
}

impl From<String> for BenchError {
    fn from(said: String) -> Self {
        Self::Said(said)
    }
}

/// Measures, and prints what came of it.
pub(crate) fn run(options: &Options) -> Result<(), BenchError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match &options.bounds {
            Some(file) => instructions::hold(options, file).await,
            None => measure(options).await,
        }
    })
}

/// The folder of the whole project.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

async fn measure(options: &Options) -> Result<(), BenchError> {
    let market = subject::market().await?;
    let trust = tls::Trust::new()?;
    let mut subjects = peers::all(&trust).await?;
    subjects.extend(subject::functions(options, &market, &trust).await?);
    let mut measured: Vec<_> = subjects.into_iter().map(Measured::new).collect::<Result<_, _>>()?;
    // The first round fills the page cache and is not counted.
    for round in 0..=options.cold {
        for each in &mut measured {
            let life = Life::of(&each.subject, options.warm, &[]).await?;
            if round > 0 {
                each.lives.push(life);
            }
        }
        eprint!("\rround {round} of {} ", options.cold);
    }
    eprintln!();
    if !options.no_instructions {
        for each in &mut measured {
            each.instructions = Some(instructions::count(&each.subject).await?);
        }
    }
    let report = report::Report::of(&measured)?;
    println!("{report}");
    if let Some(file) = &options.json {
        std::fs::write(file, serde_json::to_string_pretty(&report)? + "\n")?;
        eprintln!("written to {}", file.display());
    }
    Ok(())
}
