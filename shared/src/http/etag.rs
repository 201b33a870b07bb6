//! Versions of resources, as HTTP has them (RFC 9110, section 8.8).

use std::fmt;

use http::HeaderMap;

use super::{Code, Problem};

/// The entity tag of a resource: its version, and where a representation holds more than the resource itself
/// (a product's stock, say), a digest of the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ETag {
    version: u64,
    rest: Option<String>,
}

impl ETag {
    /// The tag of this version.
    pub fn of_version(version: impl Into<u64>) -> Self {
        Self { version: version.into(), rest: None }
    }

    /// The tag of a representation that also depends on `rest`.
    #[must_use]
    pub fn with(self, rest: &str) -> Self {
        Self { rest: Some(crate::store::keys::hash(&[rest.as_bytes()])[..12].to_owned()), ..self }
    }

    /// Whether `If-None-Match` says that the client has this representation already.
    pub fn none_match(&self, headers: &HeaderMap) -> bool {
        let own = self.to_string();
        tags(headers, "if-none-match").any(|tag| tag == "*" || tag.trim_start_matches("W/") == own)
    }

    /// Checks `If-Match` against the resource's version. The rest of the representation may have changed:
    /// what is written does not depend on it.
    ///
    /// # Errors
    /// 412 where the header names other versions only.
    pub fn if_match(&self, headers: &HeaderMap) -> Result<(), Problem> {
        if !headers.contains_key("if-match") {
            return Ok(());
        }
        let version = self.version.to_string();
        let of_version = |tag: &str| {
            let inner = tag.trim_start_matches("W/").trim_matches('"');
            inner.split_once('-').map_or(inner, |(version, _)| version) == version
        };
        if tags(headers, "if-match").any(|tag| tag == "*" || of_version(tag)) {
            Ok(())
        } else {
            let detail = format!("The resource is at version {version} now. Read it again.");
            Err(Problem::new(Code::PreconditionFailed, detail).at("If-Match"))
        }
    }
}

fn tags<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rest {
            None => write!(f, "\"{}\"", self.version),
            Some(rest) => write!(f, "\"{}-{rest}\"", self.version),
        }
    }
}
