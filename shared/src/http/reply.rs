//! An answer, typed: what a handler gives.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use lambda_http::{Body, Response};
use serde::Serialize;

use super::{ETag, Problem};

/// How an answer may be kept by caches.
const NO_STORE: &str = "no-store";

/// A successful answer whose body is an `R`.
#[derive(Debug)]
pub struct Reply<R> {
    pub(super) status: StatusCode,
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) body: Payload<R>,
    pub(super) etag: Option<ETag>,
}

#[derive(Debug)]
pub(super) enum Payload<R> {
    /// Not written yet.
    Fresh(R),
    /// Written already, when it was answered for the first time.
    Written(String),
    /// Not JSON: a page, a script.
    Bytes(&'static str, Vec<u8>),
    /// Nothing.
    Empty,
}

impl<R> Reply<R> {
    fn new(status: StatusCode, body: Payload<R>) -> Self {
        Self { status, headers: Vec::new(), body, etag: None }
    }

    /// 200.
    pub fn ok(body: R) -> Self {
        Self::new(StatusCode::OK, Payload::Fresh(body))
    }

    /// 201, with where the new resource is.
    pub fn created(location: impl Into<String>, body: R) -> Self {
        Self::new(StatusCode::CREATED, Payload::Fresh(body)).header("location", location)
    }

    /// The same answer as 201, with where the new resource is.
    #[must_use]
    pub fn status_created(self, location: impl Into<String>) -> Self {
        Self { status: StatusCode::CREATED, ..self.header("location", location) }
    }

    /// 202, with where to look for the outcome.
    pub fn accepted(location: impl Into<String>, body: R) -> Self {
        Self::new(StatusCode::ACCEPTED, Payload::Fresh(body)).header("location", location)
    }

    /// 204.
    pub fn empty() -> Self {
        Self::new(StatusCode::NO_CONTENT, Payload::Empty)
    }

    /// The same answer, with another status.
    #[must_use]
    pub fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// 303, to a page that is to be read next.
    pub fn see_other(location: impl Into<String>) -> Self {
        Self::new(StatusCode::SEE_OTHER, Payload::Empty).header("location", location)
    }

    /// 200, with bytes of this media type.
    pub fn bytes(media_type: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(StatusCode::OK, Payload::Bytes(media_type, bytes.into()))
    }

    pub(super) fn written(status: StatusCode, headers: Vec<(HeaderName, String)>, body: String) -> Self {
        let body = if status == StatusCode::NO_CONTENT { Payload::Empty } else { Payload::Written(body) };
        Self { status, headers, body, etag: None }
    }

    /// The body, where it is still a value.
    pub fn value(&self) -> Option<&R> {
        match &self.body {
            Payload::Fresh(body) => Some(body),
            _ => None,
        }
    }

    /// Where it says that its resource is.
    pub fn location(&self) -> Option<&str> {
        self.headers.iter().find(|(name, _)| name == "location").map(|(_, value)| value.as_str())
    }

    /// Adds a header. Its value must be visible ASCII, which ids and paths are.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((HeaderName::from_static(name), value.into()));
        self
    }

    /// Sets the entity tag, with which a client that has this representation already is answered 304.
    #[must_use]
    pub fn etag(self, etag: ETag) -> Self {
        Self { etag: Some(etag), ..self }
    }

    /// Lets caches keep the answer: `public, max-age=60`, say. Without it, none may. The key in the request says whose
    /// answer it is, so a cache must tell requests apart by it.
    #[must_use]
    pub fn cache(self, policy: &'static str) -> Self {
        self.header("cache-control", policy).header("vary", "authorization, accept-encoding")
    }

    pub(super) fn all_headers(&self) -> Vec<(HeaderName, String)> {
        let etag = self.etag.iter().map(|etag| (HeaderName::from_static("etag"), etag.to_string()));
        self.headers.iter().cloned().chain(etag).collect()
    }
}

impl<R: Serialize> Reply<R> {
    /// The answer to a request with these headers. A read whose representation the client has is answered 304.
    pub(super) fn into_response(self, request: &HeaderMap, read: bool) -> Result<Response<Body>, Problem> {
        let unchanged = read && self.etag.as_ref().is_some_and(|etag| etag.none_match(request));
        let headers = self.all_headers();
        let (mut media_type, body) = match self.body {
            Payload::Fresh(body) => (
                Some("application/json"),
                Body::Text(serde_json::to_string(&body).map_err(Problem::internal)?),
            ),
            Payload::Written(text) => (Some("application/json"), Body::Text(text)),
            Payload::Bytes(media_type, bytes) => (
                Some(media_type),
                String::from_utf8(bytes).map_or_else(|error| Body::Binary(error.into_bytes()), Body::Text),
            ),
            Payload::Empty => (None, Body::Empty),
        };
        let mut response = Response::new(if unchanged { Body::Empty } else { body });
        *response.status_mut() = if unchanged { StatusCode::NOT_MODIFIED } else { self.status };
        if unchanged {
            media_type = None;
        }
        let answer = response.headers_mut();
        answer.insert("cache-control", HeaderValue::from_static(NO_STORE));
        if let Some(media_type) = media_type {
            answer.insert("content-type", HeaderValue::from_static(media_type));
        }
        for (name, value) in headers {
            answer.insert(name, HeaderValue::from_str(&value).map_err(Problem::internal)?);
        }
        Ok(response)
    }
}
