//! Headers that every answer has, so that a browser does nothing with it that it isn't for.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Only by HTTPS, for two years, and what is below the same name as well.
/// Data is no document: whoever opens it as one gets nothing that runs, loads or is framed.
/// Pages of other origins read answers by CORS, which `same-origin` leaves alone; it keeps them from embedding answers
/// past CORS, as an image or a script.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
];

/// Adds them, where a page has not said otherwise.
pub(super) fn add(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
