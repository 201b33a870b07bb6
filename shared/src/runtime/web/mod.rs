//! Calls to the world outside, whose addresses come from people: never into the inside (guards.md, 26).
//!
//! `https` only, to public addresses only: a name is resolved once, what it leads to is checked, and exactly that is
//! connected to, under the name's own certificate. No redirect is followed, no proxy is asked, an answer is read up to
//! a limit, and everything has to be over in time.

mod address;
mod outside;
mod target;
#[cfg(test)]
mod tests;

use std::time::Duration;

use aws_smithy_runtime_api::client::{http::HttpConnector as _, orchestrator::HttpRequest};
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream};
use serde::de::DeserializeOwned;

pub use address::is_public;
pub use outside::Outside;

use super::App;

/// The longest answer that is read.
const MOST_BYTES: usize = 256 * 1024;

/// How long a call may take, from the first look-up to the last byte.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// Why a call to the world outside has no answer. Says nothing of what lies inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebError {
    /// The URL can't be called.
    #[error("the URL can't be called: {0}")]
    Url(&'static str),
    /// The address, or what its name leads to, is not of the public internet.
    #[error("the address is not one of the public internet")]
    NotPublic,
    /// Nobody answered, or not by HTTP, or with a certificate that is not trusted.
    #[error("nobody can be reached there by HTTPS")]
    Unreachable,
    /// It took too long.
    #[error("it did not answer in time")]
    TimedOut,
    /// The answer is longer than what is read.
    #[error("its answer is longer than {MOST_BYTES} bytes")]
    TooLarge,
    /// The answer has another status than 200. Redirects are not followed.
    #[error("it answered with status {0}, not 200")]
    Status(u16),
    /// The answer is not the JSON that it should be.
    #[error("its answer is not the JSON that it should be")]
    NotJson,
}

/// Whether `url` may be called, as far as can be told without resolving its name.
///
/// # Errors
/// [`WebError::Url`] or [`WebError::NotPublic`].
pub fn check(app: &App, url: &str) -> Result<(), WebError> {
    target::target(url, app.outside().rules()).map(drop)
}

/// GETs the JSON at `url`.
///
/// # Errors
/// [`WebError`].
pub async fn get_json<T: DeserializeOwned>(app: &App, url: &str) -> Result<T, WebError> {
    let request = http::Request::get("/").header("accept", "application/json").body(Vec::new());
    let request = request.map_err(|_| WebError::Unreachable)?;
    let answer = send(app.outside(), url, request).await?;
    if answer.status() != http::StatusCode::OK {
        return Err(WebError::Status(answer.status().as_u16()));
    }
    serde_json::from_slice(answer.body()).map_err(|_| WebError::NotJson)
}

/// Sends `request` to `url`, whatever URL the request itself names, and reads the whole answer, whatever its status.
///
/// # Errors
/// [`WebError`].
pub async fn send(
    outside: &Outside,
    url: &str,
    request: http::Request<Vec<u8>>,
) -> Result<http::Response<Vec<u8>>, WebError> {
    send_within(outside, url, request, PATIENCE).await
}

/// As [`send`], where the answer may take so long.
///
/// # Errors
/// [`WebError`].
pub async fn send_within(
    outside: &Outside,
    url: &str,
    request: http::Request<Vec<u8>>,
    patience: Duration,
) -> Result<http::Response<Vec<u8>>, WebError> {
    let url = target::target(url, outside.rules())?;
    let (mut parts, body) = request.into_parts();
    // It is the parsed URL that counts: what was checked is what is called.
    parts.uri = url.as_str().parse().map_err(|_| WebError::Url("it is not a URL"))?;
    parts.headers.entry("user-agent").or_insert(http::HeaderValue::from_static("souk"));
    let request = http::Request::from_parts(parts, SdkBody::from(body));
    let request = HttpRequest::try_from(request).map_err(|_| WebError::Url("it is not a URL"))?;
    let exchange = async {
        let answer = outside.connector().call(request).await.map_err(|error| of_connector(&error))?;
        read(answer.try_into_http1x().map_err(|_| WebError::Unreachable)?).await
    };
    tokio::time::timeout(patience, exchange).await.unwrap_or(Err(WebError::TimedOut))
}

async fn read(answer: http::Response<SdkBody>) -> Result<http::Response<Vec<u8>>, WebError> {
    let (parts, body) = answer.into_parts();
    let (mut stream, mut bytes) = (ByteStream::new(body), Vec::new());
    while let Some(chunk) = stream.next().await {
        bytes.extend_from_slice(&chunk.map_err(|_| WebError::Unreachable)?);
        if bytes.len() > MOST_BYTES {
            return Err(WebError::TooLarge);
        }
    }
    Ok(http::Response::from_parts(parts, bytes))
}

/// Whether the guard refused the address, somewhere down the chain of reasons.
fn of_connector(error: &(dyn std::error::Error + 'static)) -> WebError {
    let mut reason = Some(error);
    while let Some(error) = reason {
        if error.is::<outside::NotPublic>() {
            return WebError::NotPublic;
        }
        reason = error.source();
    }
    WebError::Unreachable
}
