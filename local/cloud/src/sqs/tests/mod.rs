//! What only shows inside: the typed interface, the file, and order under any sequence of calls. What clients
//! see is in `tests/conformance/`.

mod durable;
mod shuffle;
mod typed;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Sqs;
use crate::Place;

/// A clock that moves when told to.
#[derive(Clone)]
struct Hands(Arc<AtomicI64>);

impl Hands {
    fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_780_000_000_000)))
    }

    fn pass(&self, milliseconds: i64) {
        self.0.fetch_add(milliseconds, Ordering::Relaxed);
    }

    fn place(&self) -> Place {
        let hands = self.clone();
        let clock = Arc::new(move || Timestamp::from_millisecond(hands.0.load(Ordering::Relaxed)).unwrap());
        Place { account: "000000000000".into(), region: "eu-central-1".into(), clock }
    }
}

fn attributes(given: &[(&str, &str)]) -> BTreeMap<String, String> {
    given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Creates a queue: its ARN.
fn queue(sqs: &Sqs, name: &str, given: &[(&str, &str)]) -> String {
    let url = sqs.create_queue(name, &attributes(given)).unwrap();
    sqs.arn_of(&url).unwrap()
}

async fn send(sqs: &Sqs, arn: &str, input: Value) -> Value {
    let mut input = input;
    input["QueueUrl"] = sqs.url_of(arn).unwrap().into();
    sqs.call("SendMessage", input).await.unwrap()
}

async fn send_text(sqs: &Sqs, arn: &str, body: &str) -> Value {
    send(sqs, arn, json!({ "MessageBody": body })).await
}
