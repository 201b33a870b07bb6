//! A template with one of everything, and functions that remember what they were given.

use std::{
    future::Future,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json, value::RawValue};
use souk::runtime::{App, Function, Invocation, InvocationError, Kind};
use souk_local::engine::{Market, MarketOptions, seeded_entropy, tokio_clock};

pub const TEMPLATE: &str = include_str!("toys.yaml");

/// A function that answers with what `serve` returns.
pub fn function<F>(
    name: &'static str,
    kind: Kind,
    serve: impl Fn(App, Value) -> F + Send + Sync + 'static,
) -> Function
where
    F: Future<Output = Result<Value, InvocationError>> + Send + 'static,
{
    Function::raw(name, kind, move |app, Invocation { event, .. }| {
        let answer = serve(app, serde_json::from_str(event.get()).unwrap());
        Box::pin(async move { answer.await.map(|answer| RawValue::from_string(answer.to_string()).unwrap()) })
    })
}

pub fn failure(message: &str) -> InvocationError {
    InvocationError { kind: "Toy", message: message.to_owned() }
}

/// What a function was given, invocation by invocation.
#[derive(Clone, Default)]
pub struct Diary(Arc<Mutex<Vec<Value>>>);

impl Diary {
    pub fn note(&self, event: &Value) {
        self.0.lock().unwrap().push(event.clone());
    }

    pub fn events(&self) -> Vec<Value> {
        self.0.lock().unwrap().clone()
    }

    /// The `pointer` of every record, by invocation.
    pub fn records(&self, pointer: &str) -> Vec<Vec<String>> {
        self.events()
            .iter()
            .map(|event| {
                let records = event["Records"].as_array().unwrap().iter();
                records.map(|record| record.pointer(pointer).unwrap().as_str().unwrap().to_owned()).collect()
            })
            .collect()
    }
}

/// The toys: each does nothing but answer, unless a test puts another in its place.
pub struct Toys(Vec<Function>);

impl Toys {
    pub fn new() -> Self {
        let idle = |name, kind| function(name, kind, |_, _| async { Ok(json!({})) });
        Self(vec![
            function("echo", Kind::Http, |_, event| async move {
                Ok(
                    json!({"statusCode": 200, "headers": {"content-type": "application/json"}, "body": event.to_string()}),
                )
            }),
            function("gatekeeper", Kind::Authorizer, |_, event| async move {
                let key = event["headers"]["authorization"].as_str().unwrap_or_default().to_owned();
                Ok(json!({"isAuthorized": key != "Bearer wrong", "context": {"key": key}}))
            }),
            idle("work", Kind::Queue),
            idle("watch", Kind::Stream),
            idle("tick", Kind::Schedule),
        ])
    }

    pub fn with(mut self, function: Function) -> Self {
        self.0.retain(|other| other.name() != function.name());
        self.0.push(function);
        self
    }

    pub fn options(self) -> MarketOptions {
        let mut options = MarketOptions::new(TEMPLATE, self.0);
        options.clock = tokio_clock("2026-01-01T00:00:00Z".parse().unwrap());
        options.entropy = seeded_entropy(1);
        options.schedules = false;
        // The toys' keys are nobody's.
        options.tripwire = false;
        options
    }

    pub async fn open(self) -> Market {
        Market::open(self.options()).await.unwrap()
    }
}

pub fn request(method: &str, uri: &str, body: &'static str) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(uri)
        .header("content-type", "application/json")
        .body(Bytes::from_static(body.as_bytes()))
        .unwrap()
}

pub fn json_of(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap_or_else(|_| panic!("{response:?}"))
}

/// Sends a message to the queue `jobs` as somebody from outside.
pub async fn send(market: &Market, body: &str) {
    aws(
        market,
        "AmazonSQS.SendMessage",
        &json!({"QueueUrl": market.stack().queues["Jobs"].url, "MessageBody": body}),
    )
    .await;
}

/// Puts an item into the table `things` as somebody from outside.
pub async fn put(market: &Market, pk: &str, value: &str) {
    let item = json!({"pk": {"S": pk}, "value": {"S": value}});
    aws(market, "DynamoDB_20120810.PutItem", &json!({"TableName": "toys-things", "Item": item})).await;
}

pub async fn aws(market: &Market, target: &str, input: &Value) -> Value {
    let request =
        Request::post("/").header("x-amz-target", target).body(Bytes::from(input.to_string())).unwrap();
    let caller = souk_cloud::Caller::everything("test");
    let response = market.cloud().call(&caller, request).await.unwrap();
    assert!(response.status().is_success(), "{target}: {response:?}");
    serde_json::from_slice(response.body()).unwrap_or_default()
}
