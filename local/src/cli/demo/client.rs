//! Speaks HTTP to the market, as a storefront and the shop's own systems do.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpStream, time::Instant};

use crate::cli::error::CliError;

/// Who holds a key of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Actor {
    pub name: &'static str,
    pub key: &'static str,
}

/// A client of the market's API.
pub(super) struct Client {
    address: SocketAddr,
    calls: u32,
}

/// An answer.
pub(super) struct Answer {
    pub status: u16,
    pub body: Value,
    pub took: Duration,
}

impl Client {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address, calls: 0 }
    }

    /// One call on a connection of its own.
    pub(super) async fn call(
        &mut self,
        actor: Actor,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, CliError> {
        let broken = |error: &dyn std::error::Error| CliError::Demo(format!("{method} {path}: {error}"));
        self.calls += 1;
        let mut request = Request::builder()
            .method(&method)
            .uri(path)
            .header(header::HOST, self.address.to_string())
            .header(header::AUTHORIZATION, format!("Bearer {}", actor.key));
        if body.is_some() {
            request = request
                .header(header::CONTENT_TYPE, "application/json")
                .header("idempotency-key", format!("demo-{}", self.calls));
        }
        let text = body.map(Value::to_string).unwrap_or_default();
        let request = request.body(Full::new(Bytes::from(text))).map_err(|error| broken(&error))?;
        let began = Instant::now();
        let stream = TcpStream::connect(self.address).await?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
        tokio::spawn(connection);
        let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.map_err(|error| broken(&error))?.to_bytes();
        let answer = Answer {
            status,
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
            took: began.elapsed(),
        };
        if status >= 400 {
            return Err(CliError::Demo(format!(
                "{method} {path} was answered with {status}: {}",
                answer.body
            )));
        }
        Ok(answer)
    }
}
