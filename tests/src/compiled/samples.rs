//! The sample events of `events/`, and what each is answered with.

use std::{collections::BTreeMap, fs, path::Path};

use bytes::Bytes;
use serde_json::{Map, Value};

/// A sample event of one function.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The name of its file, without the ending.
    pub name: String,
    /// The file, to the byte.
    pub payload: Bytes,
    /// What the answer has to hold; an answer may hold more.
    pub expected: Value,
}

/// Every function's samples in the order of `events/expected.json`, so that a story can be told in events.
///
/// # Errors
/// What is missing: a file without an expectation, or an expectation without its file.
pub fn load(folder: &Path) -> Result<BTreeMap<String, Vec<Sample>>, String> {
    let read = |path: &Path| fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    // `serde_json`'s map would sort the names, and with them the story.
    let expected: Ordered = serde_json::from_slice(&read(&folder.join("expected.json"))?)
        .map_err(|error| format!("events/expected.json: {error}"))?;
    let mut samples: BTreeMap<String, Vec<Sample>> = BTreeMap::new();
    for (called, expected) in expected.0 {
        let Some((function, name)) = called.split_once('/') else {
            return Err(format!("events/expected.json: {called} is not the name of a function and an event"));
        };
        let payload = Bytes::from(read(&folder.join(function).join(format!("{name}.json")))?);
        serde_json::from_slice::<Value>(&payload)
            .map_err(|error| format!("events/{called}.json: {error}"))?;
        samples.entry(function.to_owned()).or_default().push(Sample {
            name: name.to_owned(),
            payload,
            expected,
        });
    }
    nothing_unexpected(folder, &samples)?;
    Ok(samples)
}

fn nothing_unexpected(folder: &Path, samples: &BTreeMap<String, Vec<Sample>>) -> Result<(), String> {
    let list = |path: &Path| -> Result<Vec<fs::DirEntry>, String> {
        fs::read_dir(path).and_then(Iterator::collect).map_err(|error| format!("{}: {error}", path.display()))
    };
    for function in list(folder)?.iter().filter(|entry| entry.path().is_dir()) {
        let known = samples.get(&*function.file_name().to_string_lossy());
        for file in list(&function.path())? {
            let name =
                file.path().file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            if !known.is_some_and(|samples| samples.iter().any(|sample| sample.name == name)) {
                return Err(format!("events/expected.json says nothing of {}", file.path().display()));
            }
        }
    }
    Ok(())
}

/// A JSON object whose members keep their order.
struct Ordered(Vec<(String, Value)>);

impl<'de> serde::Deserialize<'de> for Ordered {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> serde::de::Visitor<'de> for Members {
            type Value = Ordered;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of events and their answers")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Ordered(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Whether `answer` holds everything that `expected` says; if not, where they part.
///
/// # Errors
/// The path of the first difference.
pub fn holds(expected: &Value, answer: &Value, path: &str) -> Result<(), String> {
    match (expected, answer) {
        (Value::Null, _) => Ok(()),
        (Value::Object(expected), Value::Object(answer)) => members(expected, answer, path),
        _ if expected == answer => Ok(()),
        _ => Err(format!("{path} is {answer}, not {expected}")),
    }
}

fn members(expected: &Map<String, Value>, answer: &Map<String, Value>, path: &str) -> Result<(), String> {
    for (name, expected) in expected {
        let path = format!("{path}.{name}");
        let answer = answer.get(name).ok_or_else(|| format!("{path} is missing, it should be {expected}"))?;
        holds(expected, answer, &path)?;
    }
    Ok(())
}
