//! What is measured: a process, the events it gets, and what it has to answer.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicU64},
};

use bytes::Bytes;
use serde_json::Value;
use souk::runtime::Kind;
use souk_tests::compiled::{self, Market, Sample, Spec};

use super::{BenchError, Options, root, tls::Trust};

/// A process under measurement.
pub(super) struct Subject {
    /// What it is called in the table.
    pub(super) name: String,
    /// What starts it.
    pub(super) command: Vec<OsString>,
    /// Its environment.
    pub(super) spec: Spec,
    /// Where it believes to be.
    pub(super) region: String,
    /// What it is sent.
    pub(super) event: Bytes,
    /// The name of what it is sent.
    pub(super) sample: String,
    /// Whether that reads and changes nothing.
    pub(super) reads: bool,
    /// Whether it is one of Souk's.
    pub(super) own: bool,
    /// The file whose size counts, where it is one.
    pub(super) binary: Option<PathBuf>,
    /// How often it, or any other of Souk's, has called AWS so far.
    pub(super) calls: Arc<AtomicU64>,
    /// How often anything under measurement has opened a connection to AWS so far.
    pub(super) connections: Arc<AtomicU64>,
    /// What the answer to it has to hold.
    pub(super) expected: Value,
}

impl Subject {
    /// Whether an answer is what it should be: a process that fails fast would measure well.
    pub(super) fn judge(&self, answer: &[u8]) -> Result<(), BenchError> {
        let answer: Value = serde_json::from_slice(answer)?;
        // What changes something the second time is told so: only its failure would be a mistake of the measurement.
        let expected = if self.reads { &self.expected["statusCode"] } else { &Value::Null };
        let failed = answer["statusCode"].as_u64().is_some_and(|status| status >= 500);
        compiled::holds(expected, &answer["statusCode"], "statusCode")
            .and_then(|()| if failed { Err("it failed".to_owned()) } else { Ok(()) })
            .map_err(|error| BenchError::Said(format!("{}, {}: {error}: {answer}", self.name, self.sample)))
    }
}

/// The market that Souk's functions work on.
pub(super) async fn market() -> Result<Market, BenchError> {
    Ok(Market::open(&root()).await?)
}

/// The functions of the API that are asked for.
pub(super) async fn functions(
    options: &Options,
    market: &Market,
    trust: &Trust,
) -> Result<Vec<Subject>, BenchError> {
    let names = names(&options.names)?;
    let binaries = match &options.binaries {
        Some(folder) => folder.canonicalize()?,
        None => build(&names)?,
    };
    let mut samples = compiled::load(&root().join("events"))?;
    let mut subjects = Vec::new();
    for name in names {
        let sample = samples.remove(&name).and_then(chosen);
        let sample = sample.ok_or_else(|| format!("no sample of {name} can be sent again and again"))?;
        let spec = market.functions.get(&name).ok_or_else(|| format!("template.yaml has no {name}"))?;
        let mut spec = spec.clone();
        spec.endpoint = trust.in_front_of(&spec.endpoint).await?;
        spec.environment.insert("SSL_CERT_FILE".to_owned(), trust.own.display().to_string());
        let binary = binaries.join(&name);
        subjects.push(Subject {
            command: vec![binary.clone().into()],
            binary: Some(binary),
            spec,
            region: market.region.clone(),
            event: sample.payload.clone(),
            sample: sample.name.clone(),
            reads: reads(&sample),
            own: true,
            calls: Arc::clone(&market.calls),
            connections: Arc::clone(&trust.connections),
            expected: sample.expected,
            name,
        });
    }
    Ok(subjects)
}

/// The functions named, or all that a request to the API can start.
fn names(asked: &[String]) -> Result<Vec<String>, BenchError> {
    let all: BTreeMap<_, _> = souk_local::functions()
        .iter()
        .filter(|function| matches!(function.kind(), Kind::Http | Kind::Authorizer))
        .map(|function| (function.name().to_owned(), ()))
        .collect();
    if let Some(unknown) = asked.iter().find(|name| !all.contains_key(*name)) {
        return Err(BenchError::Said(format!("{unknown} is no function of the API")));
    }
    Ok(if asked.is_empty() { all.into_keys().collect() } else { asked.to_vec() })
}

/// The event that a function is measured by: reading one thing, where it has that, or else reading any, or else its first.
fn chosen(samples: Vec<Sample>) -> Option<Sample> {
    let one = samples.iter().position(|sample| reads(sample) && sample.name.starts_with("read"));
    let place = one.or_else(|| samples.iter().position(reads)).unwrap_or(0);
    samples.into_iter().nth(place)
}

/// Whether an event reads something that is there, so that it is answered alike each time.
fn reads(sample: &Sample) -> bool {
    let Ok(event) = serde_json::from_slice::<Value>(&sample.payload) else { return false };
    // An authorizer reads a key whatever the request is.
    let authorizes = event["type"] == "REQUEST" && sample.name.ends_with("-key") && sample.name != "no-key";
    let gets = event["requestContext"]["http"]["method"] == "GET" && sample.expected["statusCode"] == 200;
    gets || authorizes
}

/// Builds functions for release, and says where they are.
pub(super) fn build(names: &[String]) -> Result<PathBuf, BenchError> {
    let mut arguments = vec!["build", "--release"];
    names.iter().for_each(|name| arguments.extend(["--package", name]));
    cargo(&arguments)?;
    let this = std::env::current_exe()?;
    let folder = this.parent().unwrap_or(Path::new("."));
    // Where this very program was not built for release, the functions were all the same.
    Ok(folder.with_file_name("release"))
}

/// Runs cargo.
pub(super) fn cargo(arguments: &[&str]) -> Result<(), BenchError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    match std::process::Command::new(cargo).args(arguments).current_dir(root()).status()?.success() {
        true => Ok(()),
        false => Err(BenchError::Said(format!("cargo {} failed", arguments.join(" ")))),
    }
}
