//! Instructions, counted under valgrind: the same from run to run, whatever else the machine does.

use std::{collections::BTreeMap, ffi::OsStr, fs, path::Path};

use serde::{Deserialize, Serialize};

use super::{
    BenchError, Options,
    life::Running,
    subject::{self, Subject},
    tls::Trust,
};

/// Events in the mean of which a warm one is counted.
const WARM: u64 = 20;

/// Thousands of instructions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Instructions {
    /// Until it asks for its first event.
    pub(super) init: u64,
    /// For the first event.
    pub(super) first: u64,
    /// For each of those that follow, in the mean.
    pub(super) warm: u64,
}

/// Counts by difference: lives without an event, with one and with more.
pub(super) async fn count(subject: &Subject) -> Result<Instructions, BenchError> {
    let (none, one, more) =
        (total(subject, 0).await?, total(subject, 1).await?, total(subject, 1 + WARM).await?);
    Ok(Instructions {
        init: none / 1000,
        first: one.saturating_sub(none) / 1000,
        warm: more.saturating_sub(one) / WARM / 1000,
    })
}

async fn total(subject: &Subject, events: u64) -> Result<u64, BenchError> {
    let log = std::env::temp_dir().join(format!("souk-bench-instructions-{}", std::process::id()));
    let log_file = format!("--log-file={}", log.display());
    let under = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", &log_file];
    let mut running = Running::start(subject, &under.map(OsStr::new)).await?;
    for _ in 0..events {
        running.event(subject).await?;
    }
    running.end().await?;
    let said = fs::read_to_string(&log)?;
    fs::remove_file(&log)?;
    let total = said.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    total.ok_or_else(|| BenchError::Said(format!("{}: valgrind counted nothing: {said}", subject.name)))
}

/// Holds functions to what a file allows each.
pub(super) async fn hold(options: &Options, file: &Path) -> Result<(), BenchError> {
    let bounds: BTreeMap<String, Instructions> = serde_json::from_slice(&fs::read(file)?)?;
    let market = subject::market().await?;
    let trust = Trust::new()?;
    let mut over = Vec::new();
    println!("{:<14}{:<8}{:>10}{:>10}  thousands of instructions", "", "", "counted", "allowed");
    for subject in subject::functions(options, &market, &trust).await? {
        let name = &subject.name;
        let bound = bounds.get(name).ok_or_else(|| format!("{} has no bound of {name}", file.display()))?;
        let counted = count(&subject).await?;
        for (what, counted, allowed) in [
            ("init", counted.init, bound.init),
            ("first", counted.first, bound.first),
            ("warm", counted.warm, bound.warm),
        ] {
            println!("{name:<14}{what:<8}{counted:>10}{allowed:>10}");
            if counted > allowed {
                over.push(format!("{name} {what}"));
            }
        }
    }
    match over.is_empty() {
        true => Ok(()),
        false => Err(BenchError::Said(format!("more instructions than allowed: {}", over.join(", ")))),
    }
}
