//! A client of the API, who hangs up now and then, asks again, and remembers what it was told.

use std::{
    net::IpAddr,
    sync::{Arc, atomic::AtomicI64},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request};
use serde_json::Value;
use souk_local::engine::{Market, PeerAddress};

use crate::{
    history::{History, Known},
    kind::Kind,
    watch::Watch,
    weather::Weather,
};

/// How often a client asks again.
const TRIES: u32 = 6;

/// What everybody in a run shares.
pub struct Stage {
    /// The market.
    pub market: Market,
    /// What goes wrong.
    pub weather: Arc<Weather>,
    /// Who sees all.
    pub watch: Arc<Watch>,
    /// What clients know.
    pub history: History,
    /// The store's id.
    pub store: String,
    /// By how many seconds the clock is ahead of the time that passed.
    pub leap: Arc<AtomicI64>,
}

/// A client.
#[derive(Clone)]
pub struct Client {
    stage: Arc<Stage>,
    name: String,
    key: String,
    address: IpAddr,
}

/// An answer, or none.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The body as JSON.
    pub json: Value,
    /// The last answer's status, 0 where there was none.
    pub status: u16,
    /// What the client knows of what it asked for.
    pub known: Known,
}

impl Answer {
    /// The text at a JSON pointer, or nothing.
    pub fn text(&self, pointer: &str) -> &str {
        self.json.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether it was done.
    pub fn is_done(&self) -> bool {
        self.known == Known::Done
    }
}

impl Client {
    /// The client called `name`, who holds `key` and calls from `address`.
    pub fn new(stage: &Arc<Stage>, name: String, key: &str, address: IpAddr) -> Self {
        Self { stage: Arc::clone(stage), name, key: key.to_owned(), address }
    }

    /// What everybody shares.
    pub fn stage(&self) -> &Arc<Stage> {
        &self.stage
    }

    /// GETs `path`, until there is an answer.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, Value::Null, &[]).await
    }

    /// POSTs `body` with an idempotency key of its own, until there is an answer.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, body, &[("idempotency-key", &self.new_key())]).await
    }

    /// As [`Self::post`], of who would rather wait for so many seconds than ask again.
    pub async fn post_and_wait(&self, path: &str, body: Value, seconds: u32) -> Answer {
        let headers = [("idempotency-key", self.new_key()), ("prefer", format!("wait={seconds}"))];
        self.ask(Method::POST, path, body, &headers.each_ref().map(|(name, value)| (*name, value.as_str())))
            .await
    }

    fn new_key(&self) -> String {
        format!("{:016x}-{}", fastrand::u64(..), self.name.replace(' ', "-"))
    }

    /// PATCHes with `body`, until there is an answer.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PATCH, path, body, &[]).await
    }

    /// As [`Self::patch`], with an idempotency key of its own.
    pub async fn patch_once(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PATCH, path, body, &[("idempotency-key", &self.new_key())]).await
    }

    /// POSTs `body`, whose effect bears `mark`, and remembers what came of it.
    pub async fn post_marked(&self, path: &str, mark: &str, body: Value) -> Answer {
        let answer = self.post(path, body).await;
        self.stage.history.ask(mark, format!("{} POST {path}", self.name), answer.known);
        answer
    }

    /// Asks until there is an answer, or until it is of no use. The same headers each time, so that it is done once.
    async fn ask(&self, method: Method, path: &str, body: Value, headers: &[(&str, &str)]) -> Answer {
        let mut known = Known::NotDone;
        let mut pause = Duration::from_millis(1 + fastrand::u64(..300));
        for attempt in 1.. {
            let (status, json) = self.once(&method, path, &body, headers).await;
            let (name, tell) = (&self.name, &json["code"]);
            self.stage.watch.say(|| format!("{name}: {method} {path} -> {status} {tell}"));
            match status {
                200..=299 => return Answer { json, status, known: Known::Done },
                // Nobody knows what became of it. Asked again with the same key, it is told.
                0 | 500..=599 => known = Known::Unknown,
                // Another one with this key is at it, or there is too much at once.
                409 if json["code"] == "request_in_progress" => {}
                429 => {}
                _ => return Answer { json, status, known },
            }
            if attempt == TRIES {
                return Answer { json, status, known };
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(8));
        }
        unreachable!("the tries are counted")
    }

    async fn once(
        &self,
        method: &Method,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> (u16, Value) {
        let mut request = Request::builder().method(method).uri(format!("http://localhost:3000{path}"));
        if !self.key.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.key));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let text = if body.is_null() { String::new() } else { body.to_string() };
        if !text.is_empty() {
            request = request.header("content-type", "application/json");
        }
        let mut request = request.body(Bytes::from(text)).expect("a path and a body make a request");
        request.extensions_mut().insert(PeerAddress(self.address));
        let hang_up = self.stage.weather.strikes(Kind::HangUp);
        // It goes on at the gateway, as it would.
        let market = self.stage.market.clone();
        let answer = tokio::spawn(async move { market.request(request).await });
        let patience = match hang_up {
            // As often at once as after a while.
            true => Duration::from_millis(match self.stage.weather.below(2) {
                0 => self.stage.weather.below(30),
                _ => self.stage.weather.below(400),
            }),
            false => Duration::from_secs(31),
        };
        match tokio::time::timeout(patience, answer).await {
            Ok(Ok(answer)) => {
                (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap_or(Value::Null))
            }
            Ok(Err(_)) | Err(_) => (0, Value::Null),
        }
    }

    /// Sends a payment provider's notification once, and does not care.
    pub async fn notify(&self, path: &str, body: String, signature: &str) {
        let request = Request::post(format!("http://localhost:3000{path}"))
            .header("content-type", "application/json")
            .header("souk-sandbox-signature", signature)
            .body(Bytes::from(body));
        let mut request = request.expect("a path and a body make a request");
        request.extensions_mut().insert(PeerAddress(self.address));
        let status = self.stage.market.request(request).await.status().as_u16();
        self.stage.watch.say(|| format!("provider: POST {path} -> {status}"));
    }
}
