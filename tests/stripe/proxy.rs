//! Stands between Souk and localstripe for what localstripe lacks: it keeps answers by idempotency key, as Stripe
//! documents, and leaves out the parameters that localstripe does not know. And it loses answers when told to.

use std::{
    collections::{BTreeMap, HashMap},
    convert::Infallible,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use souk::runtime::web::{Outside, send};
use tokio::net::TcpListener;

/// What localstripe does not know: that a proof of identity is handed to the browser's script, that the shopper is not
/// there, and that the method is saved.
const UNKNOWN_THERE: [&str; 4] = [
    "&use_stripe_sdk=true",
    "&off_session=true",
    "&setup_future_usage=on_session",
    "&setup_future_usage=off_session",
];

/// What was asked under a key, and answered.
type Answered = (String, StatusCode, Vec<u8>);

#[derive(Default)]
struct Kept {
    answers: HashMap<String, Answered>,
    /// How often each payment was captured, told by localstripe's own successes.
    captures: BTreeMap<String, u32>,
    /// The endings of paths whose next answers are lost.
    lose: Vec<&'static str>,
}

/// The proxy.
#[derive(Clone)]
pub struct Proxy {
    upstream: String,
    kept: Arc<tokio::sync::Mutex<()>>,
    state: Arc<Mutex<Kept>>,
}

impl Proxy {
    /// Serves in front of `upstream`. The proxy, and where it is.
    pub async fn start(upstream: &str) -> (Self, String) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let place = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let proxy = Self { upstream: upstream.to_owned(), kept: Arc::default(), state: Arc::default() };
        let serving = proxy.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let proxy = serving.clone();
                tokio::spawn(async move {
                    let service = service_fn(move |request| {
                        let proxy = proxy.clone();
                        async move { Ok::<_, Infallible>(proxy.pass(request).await) }
                    });
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        (proxy, place)
    }

    /// Does what it is asked next at each of these endings of paths, and answers 500.
    pub fn lose(&self, answers: &[&'static str]) {
        self.state.lock().unwrap().lose = answers.to_vec();
    }

    /// How many of those answers were not lost yet.
    pub fn still_to_lose(&self) -> usize {
        self.state.lock().unwrap().lose.len()
    }

    /// The most often that one payment was captured.
    pub fn most_captures(&self) -> u32 {
        self.state.lock().unwrap().captures.values().copied().max().unwrap_or_default()
    }

    async fn pass(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        // One after the other: a second request under a key waits for the first one's answer.
        let _turn = self.kept.lock().await;
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let asked = String::from_utf8_lossy(&body).into_owned();
        let text = UNKNOWN_THERE.iter().fold(asked.clone(), |text, unknown| text.replace(unknown, ""));
        let key = parts.headers.get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
        let before = key.as_ref().and_then(|key| self.state.lock().unwrap().answers.get(key).cloned());
        let (status, answer) = match before {
            Some((asked, ..)) if asked != text => {
                let error = br#"{"error":{"type":"idempotency_error"}}"#;
                (StatusCode::BAD_REQUEST, error.to_vec())
            }
            Some((_, status, answer)) => (status, answer),
            None => {
                let mut asks = Request::builder().method(parts.method.clone());
                for name in ["authorization", "content-type", "stripe-version"] {
                    if let Some(value) = parts.headers.get(name) {
                        asks = asks.header(name, value);
                    }
                }
                let url = format!("{}{}", self.upstream, parts.uri);
                let asks = asks.body(text.clone().into_bytes()).unwrap();
                let answer = send(&Outside::internet(true), &url, asks).await.unwrap();
                if answer.status().is_success() && asked.contains("&setup_future_usage=") {
                    self.save(&asked, &parts.headers["authorization"]).await;
                }
                (answer.status(), self.note(parts.uri.path(), key, text, &answer))
            }
        };
        let mut state = self.state.lock().unwrap();
        let lost = state.lose.iter().position(|ending| parts.uri.path().ends_with(ending));
        if let Some(place) = lost.filter(|_| parts.method == http::Method::POST) {
            state.lose.remove(place);
            return Response::builder().status(500).body(Full::default()).unwrap();
        }
        Response::builder().status(status).body(Full::new(answer.into())).unwrap()
    }

    /// Attaches the method that was charged to its customer, as Stripe does where it is to be saved.
    async fn save(&self, asked: &str, authorization: &HeaderValue) {
        let fields: BTreeMap<String, String> =
            url::form_urlencoded::parse(asked.as_bytes()).into_owned().collect();
        let url = format!("{}/v1/payment_methods/{}/attach", self.upstream, fields["payment_method"]);
        let asks = Request::post(&url)
            .header("authorization", authorization)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("customer={}", fields["customer"]).into_bytes());
        let answer = send(&Outside::internet(true), &url, asks.unwrap()).await.unwrap();
        assert!(answer.status().is_success(), "{}", String::from_utf8_lossy(answer.body()));
    }

    fn note(&self, path: &str, key: Option<String>, text: String, answer: &Response<Vec<u8>>) -> Vec<u8> {
        let mut state = self.state.lock().unwrap();
        if path.ends_with("/capture") && answer.status().is_success() {
            *state.captures.entry(path.to_owned()).or_default() += 1;
        }
        if let Some(key) = key {
            state.answers.insert(key, (text, answer.status(), answer.body().clone()));
        }
        answer.body().clone()
    }
}
