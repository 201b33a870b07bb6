//! Starts every function's compiled binary as Lambda starts it and hands it its sample events.
//!
//! ```text
//! cargo build --workspace --bins && cargo run -p souk-tests --bin run-functions [FUNCTION]…
//! ```
//!
//! Each function gets a process of its own, with the environment that Lambda and the template give it, a
//! Runtime API to take events from, and an emulated cloud to work on, with the store that the samples talk about.
//! `--binaries DIR` takes the binaries from another folder than the one this program was built into; `--ids` only
//! prints what a sample may name.

mod verdict;

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use souk_tests::compiled::{self, Event, Market, Process, RuntimeApi, Said, Sample, Spec};
use tokio::time::Instant;

/// Longer than Lambda gives to a start; a debug build takes its time.
const INIT_LIMIT: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(0) => ExitCode::SUCCESS,
        Ok(failures) => {
            eprintln!("{failures} failed");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<usize, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let Arguments { binaries, wanted, only_ids } = arguments()?;
    let samples = compiled::load(&root.join("events"))?;
    // Apart from this function's own state, which the compiler would find too deeply nested with it.
    let market = Box::pin(Market::open(&root)).await?;
    if only_ids {
        market.named.iter().for_each(|(name, id)| println!("{name:<20} {id}"));
        return Ok(0);
    }
    let without: Vec<_> = market.functions.keys().filter(|name| !samples.contains_key(*name)).collect();
    if !without.is_empty() {
        return Err(format!("functions without sample events: {without:?}"));
    }
    let mut failures = 0;
    line("function", "event", "took", "answer");
    for (name, samples) in samples {
        if !wanted.is_empty() && !wanted.contains(&name) {
            continue;
        }
        let spec =
            market.functions.get(&name).ok_or_else(|| format!("template.yaml has no function {name}"))?;
        let binary = binaries.join(&name);
        if let Err(error) = function(&name, &binary, spec, &market, &samples, &mut failures).await {
            line(&name, "", "", &format!("FAILED: {error}"));
            failures += 1;
        }
    }
    Ok(failures)
}

/// One function's process, from its start to its end.
async fn function(
    name: &str,
    binary: &Path,
    spec: &Spec,
    market: &Market,
    samples: &[Sample],
    failures: &mut usize,
) -> Result<(), String> {
    let mut api = RuntimeApi::open().await.map_err(|error| error.to_string())?;
    let start = Instant::now();
    let mut process = Process::start(&[binary.as_os_str()], spec, &api.address, &market.region)
        .map_err(|error| format!("{}: {error}", binary.display()))?;
    match listen(&mut process, &mut api, INIT_LIMIT).await? {
        Said::Ready => line(name, "", &format!("{} ms", start.elapsed().as_millis()), "started"),
        other => return Err(format!("it did not start: {}; {}", text(&other), process.log().join(" | "))),
    }
    for (number, sample) in samples.iter().enumerate() {
        let (start, written) = (Instant::now(), process.log().len());
        let verdict = event(&mut process, &mut api, spec, sample, number).await;
        let took = format!("{} ms", start.elapsed().as_millis());
        match verdict {
            Ok(said) => line("", &sample.name, &took, &said),
            Err(error) => {
                *failures += 1;
                line("", &sample.name, &took, &format!("FAILED: {error}"));
                for line in process.log().iter().skip(written) {
                    println!("    {line}");
                }
            }
        }
    }
    process.stop().await?;
    verdict::log(&process.log())
}

/// One event: the answer has to come within the function's own limit, and the process has to be ready again.
async fn event(
    process: &mut Process,
    api: &mut RuntimeApi,
    spec: &Spec,
    sample: &Sample,
    number: usize,
) -> Result<String, String> {
    let request_id = format!("00000000-0000-4000-8000-{number:012x}");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|error| error.to_string())?;
    api.send(Event {
        request_id: request_id.clone(),
        deadline_ms: (now + spec.timeout).as_millis(),
        arn: spec.arn.clone(),
        payload: sample.payload.clone(),
    })
    .await;
    let said = listen(process, api, spec.timeout).await?;
    let verdict = match &said {
        Said::Answered(id, answer) if *id == request_id => verdict::answer(sample, answer),
        other => Err(format!("it answered with {}", text(other))),
    };
    match listen(process, api, INIT_LIMIT).await? {
        Said::Ready => verdict,
        other => Err(format!("after its answer it said {}", text(&other))),
    }
}

/// The next thing that the process says; an error when it ends or keeps silent.
async fn listen(process: &mut Process, api: &mut RuntimeApi, limit: Duration) -> Result<Said, String> {
    tokio::select! {
        said = api.hear(limit) => said.ok_or_else(|| format!("nothing came within {} s", limit.as_secs())),
        ended = process.ended() => Err(format!("the process ended: {ended}; {}", process.log().join(" | "))),
    }
}

fn text(said: &Said) -> String {
    match said {
        Said::Ready => "no answer, but a wish for the next event".to_owned(),
        Said::Answered(id, _) => format!("an answer to {id}, which was not asked"),
        Said::Failed(id, error) => format!("the failure of {id}: {}", String::from_utf8_lossy(error)),
        Said::InitFailed(error) => format!("the failure to start {}", String::from_utf8_lossy(error)),
    }
}

struct Arguments {
    binaries: PathBuf,
    wanted: Vec<String>,
    only_ids: bool,
}

fn arguments() -> Result<Arguments, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut binaries = own.parent().map(Path::to_path_buf).unwrap_or_default();
    let (mut wanted, mut only_ids) = (Vec::new(), false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--binaries" => binaries = arguments.next().ok_or("--binaries needs a folder")?.into(),
            "--ids" => only_ids = true,
            flag if flag.starts_with('-') => return Err(format!("unknown option {flag}")),
            function => wanted.push(function.to_owned()),
        }
    }
    Ok(Arguments { binaries, wanted, only_ids })
}

fn line(function: &str, event: &str, took: &str, said: &str) {
    println!("{function:<20} {event:<24} {took:>8}  {said}");
    let _ = std::io::stdout().flush();
}
