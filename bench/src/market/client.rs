//! HTTP to the market, over one connection that stays.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::BenchError;

/// A connection to the market.
pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    /// The same answer, where its status is `status`.
    pub(crate) fn expect(self, status: u16) -> Result<Self, BenchError> {
        if self.status == status {
            Ok(self)
        } else {
            Err(BenchError::Market(format!("answered {} instead of {status}: {}", self.status, self.body)))
        }
    }

    /// The text at a JSON pointer, or nothing.
    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self, BenchError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, host: address.to_string() })
    }

    pub(crate) async fn get(&mut self, key: &str, path: &str) -> Result<Answer, BenchError> {
        self.send(key, Method::GET, path, None, &[]).await
    }

    pub(crate) async fn post(&mut self, key: &str, path: &str, body: &Value) -> Result<Answer, BenchError> {
        self.send(key, Method::POST, path, Some(body), &[]).await
    }

    pub(crate) async fn patch(&mut self, key: &str, path: &str, body: &Value) -> Result<Answer, BenchError> {
        self.send(key, Method::PATCH, path, Some(body), &[]).await
    }

    pub(crate) async fn send(
        &mut self,
        key: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Result<Answer, BenchError> {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, &self.host);
        if !key.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let text = body.map(Value::to_string).unwrap_or_default();
        let request = request
            .body(Full::new(Bytes::from(text)))
            .map_err(|error| BenchError::Market(error.to_string()))?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await?.to_bytes();
        Ok(Answer { status, body: serde_json::from_slice(&bytes).unwrap_or_default() })
    }
}
