//! Everything that a market says of itself, in one heap to look through.

use std::{
    io,
    sync::{Arc, Mutex},
};

use super::story::POISON;
use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use serde_json::{Value, json};
use souk::runtime::{Function, Kind};
use souk_tests::{Answer, TestMarket};
use tracing_subscriber::{EnvFilter, fmt::format::FmtSpan};

/// Where something was said, and what.
pub type Said = (&'static str, String);

/// Hears logs at every level, messages as functions get them, and answers that refuse something.
#[derive(Clone, Default)]
pub struct Watch(Arc<Mutex<Vec<Said>>>);

struct LogLine(Watch);

impl io::Write for LogLine {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.say("a log line", String::from_utf8_lossy(bytes).into_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Watch {
    pub fn say(&self, place: &'static str, what: String) {
        if std::env::var_os("SHOW").is_some() {
            eprintln!("{place}: {what}");
        }
        self.0.lock().unwrap().push((place, what));
    }

    /// A subscriber that hears everything of Souk's, and of others' what an operator would ever turn on.
    pub fn subscriber(&self) -> impl tracing_subscriber::util::SubscriberInitExt + use<> {
        let watch = self.clone();
        tracing_subscriber::fmt()
            .json()
            .with_span_events(FmtSpan::FULL)
            .with_env_filter(EnvFilter::new("debug,souk=trace"))
            .with_writer(move || LogLine(watch.clone()))
            .finish()
    }

    /// The functions, where those that work through queues tell what they are sent.
    pub fn functions(&self) -> Vec<Function> {
        let listened = |function: Function| {
            if function.kind() != Kind::Queue {
                return function;
            }
            let (watch, inner) = (self.clone(), function.clone());
            Function::raw(function.name(), function.kind(), move |app, invocation| {
                watch.messages(invocation.event.get());
                let inner = inner.clone();
                Box::pin(async move { inner.invoke(app, invocation).await })
            })
        };
        souk_local::functions().into_iter().map(listened).collect()
    }

    /// Takes down the messages of `event`, other than what was put among them to see who repeats it.
    fn messages(&self, event: &str) {
        let event: Value = serde_json::from_str(event).unwrap();
        let records = event["Records"].as_array().into_iter().flatten().map(Value::to_string);
        records.filter(|record| !record.contains(POISON)).for_each(|record| self.say("a message", record));
    }

    /// `answer`, which refuses something, and tells its sender no secret of theirs.
    pub fn refusal(&self, answer: Answer) -> Answer {
        assert!(answer.status.as_u16() >= 400, "{}", answer.text);
        self.say("a refusal", format!("{:?} {}", answer.headers, answer.text));
        answer
    }

    /// All that was said: what was heard, and what happened: requests with their lines of the access log, runs and
    /// their failures, metrics, events, dead letters.
    pub fn everything(&self, market: &TestMarket) -> Vec<Said> {
        let mut all = self.0.lock().unwrap().clone();
        all.extend(market.happenings().iter().map(|happening| ("a happening", format!("{happening:?}"))));
        all
    }
}

/// Where any of `canaries` is in what was said.
pub fn found(said: &[Said], canaries: &[String]) -> Vec<String> {
    let hits = said.iter().flat_map(|(place, text)| {
        let sung = canaries.iter().filter(|canary| text.contains(canary.as_str()));
        sung.map(move |canary| format!("{canary} in {place}: {}", text.chars().take(600).collect::<String>()))
    });
    hits.collect()
}

/// Where any of `canaries` is stored: in a key, an attribute or a secret, as it is or encoded.
pub async fn stored(market: &TestMarket, canaries: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for table in ["-state", "-events", "-vault", "-anchors"] {
        let page = market.dynamodb("Scan", json!({"TableName": market.table(table)})).await;
        assert!(page.get("LastEvaluatedKey").is_none(), "more items than one page holds");
        for item in page["Items"].as_array().unwrap() {
            let mut texts = vec![item.to_string()];
            decoded(item, &mut texts);
            let sung = |canary: &&String| texts.iter().any(|text| text.contains(canary.as_str()));
            found.extend(canaries.iter().filter(sung).map(|canary| format!("{canary} in {table}: {item}")));
        }
    }
    found
}

/// What the strings of an item are, if they are base64 or hexadecimal.
fn decoded(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            let plain = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
            let hex =
                (0..text.len() / 2).map(|at| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok());
            let bytes = [BASE64_STANDARD_NO_PAD.decode(plain).ok(), hex.collect()];
            for bytes in bytes.into_iter().flatten() {
                texts.push(String::from_utf8_lossy(&bytes).into_owned());
                texts.push(
                    String::from_utf8_lossy(&souk::store::unpack(&bytes).unwrap_or_default()).into_owned(),
                );
            }
        }
        Value::Array(values) => values.iter().for_each(|value| decoded(value, texts)),
        Value::Object(fields) => fields.values().for_each(|value| decoded(value, texts)),
        _ => {}
    }
}
