//! Compressed answers, where the client accepts them. API Gateway's HTTP APIs don't compress by themselves.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderValue};
use lambda_http::{Body, Response};

/// Below this, compressing costs more than it saves.
const LEAST_BYTES: usize = 1024;

/// Compresses the body where it is text, large enough, and the client takes gzip.
pub(super) fn compress(request: &HeaderMap, mut response: Response<Body>) -> Response<Body> {
    let Body::Text(text) = response.body() else {
        return response;
    };
    if text.len() < LEAST_BYTES {
        return response;
    }
    let packed = accepts_gzip(request).then(|| {
        let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 3), Compression::fast());
        encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()).ok()
    });
    response.headers_mut().insert("vary", HeaderValue::from_static("authorization, accept-encoding"));
    if let Some(Some(bytes)) = packed {
        response.headers_mut().insert("content-encoding", HeaderValue::from_static("gzip"));
        *response.body_mut() = Body::Binary(bytes);
    }
    response
}

/// Whether the client takes gzip.
pub fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get("accept-encoding").and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let refused = |weight: &str| matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip")) && !parts.any(refused)
    })
}
