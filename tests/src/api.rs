//! A client of the API: of a market in this process, or of a deployed one.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls::crypto::ring;
use serde_json::Value;
use souk_local::engine::{Market, PeerAddress};

/// A client that calls with one key.
#[derive(Clone)]
pub struct Api {
    target: Target,
    key: Option<String>,
    address: IpAddr,
}

#[derive(Clone)]
enum Target {
    Market(Market),
    /// A base URL.
    Url(String),
}

/// An answer of the API.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub text: String,
    /// The body as JSON; null where it is none.
    pub json: Value,
}

impl Answer {
    /// The same answer, if its status is `status`; else the test ends here and shows it.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// The problem's code, or nothing.
    pub fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }

    /// A header's text, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The text at a JSON pointer, or nothing.
    pub fn text_at(&self, pointer: &str) -> &str {
        self.json.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Api {
    /// A client of `market` that holds `key`, at an address of its own: people share neither sofa nor limits.
    pub fn of_market(market: &Market, key: &str) -> Self {
        Self { target: Target::Market(market.clone()), key: Some(key.to_owned()), address: next_address() }
    }

    /// A client of the API at `url` that holds `key`.
    pub fn of_url(url: &str, key: &str) -> Self {
        let target = Target::Url(url.trim_end_matches('/').to_owned());
        Self { target, key: Some(key.to_owned()), address: next_address() }
    }

    /// The same client with another key, or none.
    #[must_use]
    pub fn with_key(&self, key: Option<&str>) -> Self {
        Self { key: key.map(str::to_owned), ..self.clone() }
    }

    /// The same client at another address. Only a market in this process believes it.
    #[must_use]
    pub fn at(&self, address: &str) -> Self {
        Self { address: address.parse().unwrap(), ..self.clone() }
    }

    /// GETs `path`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, &[]).await
    }

    /// POSTs `body`, with an idempotency key of its own.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        let key = format!("test-{:032x}", rand::random::<u128>());
        self.send(Method::POST, path, Some(body), &[("idempotency-key", &key)]).await
    }

    /// PATCHes with `body`.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body), &[]).await
    }

    /// DELETEs `path`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None, &[]).await
    }

    /// Sends a request with exactly these headers, beside the key and the body's type.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let text = body.map(|body| body.to_string()).unwrap_or_default();
        self.send_text(method, path, text, headers).await
    }

    /// Sends a request whose body is `text`, JSON or not.
    pub async fn send_text(
        &self,
        method: Method,
        path: &str,
        text: String,
        headers: &[(&str, &str)],
    ) -> Answer {
        self.try_send(method, path, text, headers).await.unwrap_or_else(|broken| panic!("{path}: {broken}"))
    }

    /// Sends a request to somebody who may not be there to answer it.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        text: String,
        headers: &[(&str, &str)],
    ) -> Result<Answer, String> {
        let base = match &self.target {
            Target::Market(_) => "http://localhost:3000",
            Target::Url(url) => url,
        };
        let mut request = Request::builder().method(method).uri(format!("{base}{path}"));
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        if !text.is_empty() && !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Bytes::from(text)).unwrap();
        let (parts, body) = match &self.target {
            Target::Market(market) => {
                let mut request = request;
                request.extensions_mut().insert(PeerAddress(self.address));
                market.request(request).await.into_parts()
            }
            Target::Url(_) => {
                let client = Client::builder(TokioExecutor::new()).build::<_, Full<Bytes>>(tls());
                let answer = client.request(request.map(Full::new)).await;
                let (parts, body) = answer.map_err(|error| format!("{error:?}"))?.into_parts();
                (parts, body.collect().await.map_err(|error| format!("{error:?}"))?.to_bytes())
            }
        };
        let text = String::from_utf8_lossy(&body).into_owned();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Answer { status: parts.status, headers: parts.headers, text, json })
    }
}

fn next_address() -> IpAddr {
    static NEXT: AtomicU32 = AtomicU32::new(0x0a00_0001);
    Ipv4Addr::from_bits(NEXT.fetch_add(1, Ordering::Relaxed)).into()
}

/// HTTP, and HTTPS as this machine trusts it: a deployment answers nothing else.
fn tls() -> HttpsConnector<HttpConnector> {
    static CONNECTOR: LazyLock<HttpsConnector<HttpConnector>> = LazyLock::new(|| {
        let builder = HttpsConnectorBuilder::new().with_provider_and_native_roots(ring::default_provider());
        builder.unwrap().https_or_http().enable_http1().build()
    });
    CONNECTOR.clone()
}
